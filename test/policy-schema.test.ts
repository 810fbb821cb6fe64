/** schema/policy-input.schema.json describes what policy sees, to editors and to `opa check --schema`. */
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { describeWithOpa } from './fakes/with-opa.ts';
import { EXAMPLE_INPUT, inputFor } from './fixtures/policy-input.ts';

interface Schema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

const root = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const FILE = root('schema/policy-input.schema.json');
const schema: Schema = JSON.parse(readFileSync(FILE, 'utf8'));
const validate = new Ajv({ allErrors: true, allowUnionTypes: true }).compile(schema);

/** Every object that the schema knows the members of, as Rego refers to it. */
function objects(at: Schema, ref: string): readonly string[] {
  const below = Object.entries(at.properties ?? {}).flatMap(([name, each]) => objects(each, `${ref}.${name}`));
  const elements = at.items === undefined ? [] : objects(at.items, `${ref}[0]`);
  return [...(at.properties === undefined ? [] : [ref]), ...below, ...elements];
}

/** Every member that is one, or may be. */
function members(at: Schema, ref: string): readonly string[] {
  const below = Object.entries(at.properties ?? {}).flatMap(([name, each]) => [
    `${ref}.${name}`,
    ...members(each, `${ref}.${name}`),
  ]);
  return [...below, ...(at.items === undefined ? [] : members(at.items, `${ref}[0]`))];
}

describe('the schema of the policy input', () => {
  it.each([
    ['the example', EXAMPLE_INPUT],
    ['a JSON body', inputFor('payments.finalize', { amount: [1, 'x', null] })],
    ['no actor and no grant', { ...EXAMPLE_INPUT, actor: null, grant: null }],
    ['a call', { ...EXAMPLE_INPUT, mcp: { method: 'tools/call', tool: 'search', arguments: { q: 1 } } }],
    ['a list of tools', { ...EXAMPLE_INPUT, mcp: { method: 'tools/list', tool: null, arguments: null } }],
  ])('takes %s', (_, input) => {
    expect(validate(input)).toBe(true);
  });

  it.each([
    ['another version', { ...EXAMPLE_INPUT, version: 2 }],
    ['a member that is not there', { ...EXAMPLE_INPUT, user: 'alice' }],
    ['a member that is missing', { ...EXAMPLE_INPUT, chain: undefined }],
    ['a member of another type', { ...EXAMPLE_INPUT, time: 'now' }],
    ['no peer', { ...EXAMPLE_INPUT, peer: null }],
    ['a query with one value', { ...EXAMPLE_INPUT, request: { ...EXAMPLE_INPUT.request, query: { a: 'b' } } }],
    ['an actor with a typo', { ...EXAMPLE_INPUT, actor: { ...EXAMPLE_INPUT.actor, agnt: 'x' } }],
  ])('refuses %s', (_, input) => {
    expect(validate(input)).toBe(false);
  });
});

describeWithOpa('opa check --schema', (opa) => {
  const check = (folder: string) => opa(folder, 'check', '--strict', '--max-errors', '1000', '--schema', FILE, '.');
  const written = (rules: readonly string[]) => {
    const folder = mkdtempSync(join(tmpdir(), 'behalf-schema-'));
    writeFileSync(join(folder, 'policy.rego'), ['package behalf.authz', '', ...rules, ''].join('\n'));
    return folder;
  };

  it('knows every member', () => {
    const known = members(schema, 'input').map((ref) => `rules contains ${ref}`);
    expect(known.length).toBeGreaterThan(60);
    expect(check(written(known))).toEqual({ code: 0, said: '' });
  });

  it('refuses a typo in every object, with file and line', () => {
    const refs = objects(schema, 'input').map((ref) => `${ref}.tpyo`);
    expect(refs).toContain('input.actor.tpyo');
    expect(refs).toContain('input.grant.approval.tpyo');
    const { code, said } = check(written(refs.map((ref) => `rules contains ${ref}`)));
    expect(code).not.toBe(0);
    for (const [index, ref] of refs.entries()) {
      expect(said).toContain(`policy.rego:${index + 3}: rego_type_error: undefined ref: ${ref}`);
    }
  });

  it('refuses a comparison with a type that the member never has', () => {
    const { code, said } = check(written(['late if input.time == "17:30"']));
    expect(code).not.toBe(0);
    expect(said).toMatch(/^1 error occurred: policy\.rego:3: rego_type_error: match error/);
  });

  it('leaves what others chose the types of to them', () => {
    const free = ['input.subject.claims.x.y', 'input.request.body.json.x.y[0]', 'input.mcp.arguments.x.y'];
    const rules = free.flatMap((ref) => [`rules contains ${ref}`, `free if ${ref} == 1`, `free if ${ref} == "1"`]);
    expect(check(written(rules))).toEqual({ code: 0, said: '' });
  });

  it.each([
    ['authz.rego', 'input.actor.agent', 'input.actor.agnt'],
    ['lib/grant.rego', 'input.grant.approval.id', 'input.grant.aproval.id'],
  ])('refuses the shipped policy with a typo in %s', (file, from, to) => {
    const folder = mkdtempSync(join(tmpdir(), 'behalf-typo-'));
    cpSync(root('policies'), folder, { recursive: true });
    expect(check(folder)).toEqual({ code: 0, said: '' });
    const lines = readFileSync(join(folder, file), 'utf8').split('\n');
    const at = lines.findIndex((line) => line.includes(from));
    writeFileSync(
      join(folder, file),
      lines.map((line, index) => (index === at ? line.replace(from, to) : line)).join('\n'),
    );
    const { code, said } = check(folder);
    expect(code).not.toBe(0);
    expect(said).toContain(`${file}:${at + 1}: rego_type_error: undefined ref: ${to}`);
  });
});
