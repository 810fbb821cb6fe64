/** The table of builtins against OPA itself, so that none is taken for compiled in from memory (threats P04). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readBundle } from '../../src/policy/bundle.ts';
import { BUILTINS } from '../../src/policy/host/table.ts';
import { compilePolicy } from '../../src/policy/wasm.ts';
import { folderOf } from '../fakes/policy-folder.ts';
import { describeWithOpa, type Opa } from '../fakes/with-opa.ts';

interface Builtin {
  readonly name: string;
  readonly decl: { readonly args?: readonly unknown[] };
  readonly infix?: string;
  readonly deprecated?: boolean;
}

describeWithOpa('the table of builtins', (opa) => {
  const current = () => (JSON.parse(opa('.', 'capabilities', '--current').said) as { builtins: Builtin[] }).builtins;

  it('has every builtin of OPA, and no other [P04]', () => {
    const names = current().map(({ name }) => name);
    expect(Object.keys(BUILTINS).sort()).toEqual(names.sort());
  });

  it('says what OPA compiles into a module, and what a module calls back for [P04]', async () => {
    // Those that are no function of a value: `:=` and `=` bind, and the others are calls that leave nothing.
    const statements = ['assign', 'eq', 'print', 'internal.print', 'internal.test_case'];
    const called = current().filter(({ name }) => !statements.includes(name));
    const needed = [
      ...(await calledBack(
        opa,
        called.filter(({ deprecated }) => deprecated !== true),
        [],
      )),
      ...(await calledBack(
        opa,
        called.filter(({ deprecated }) => deprecated === true),
        ['--v0-compatible'],
      )),
    ];
    const expected = Object.keys(BUILTINS).filter((name) => /host|refused/.test(BUILTINS[name]?.is ?? ''));
    expect(needed.sort()).toEqual(expected.sort());
  });
});

/** What a module that calls all of these would need of its host. */
async function calledBack(opa: Opa, builtins: readonly Builtin[], flags: readonly string[]): Promise<string[]> {
  const rules = builtins.map(({ name, decl }, at) => {
    const operands = (decl.args ?? []).map((_, n) => `input.a${n}`).join(', ');
    return flags.length === 0
      ? `r[${at}] := x if x := ${name}(${operands})`
      : `r[${at}] = x { x = ${name}(${operands}) }`;
  });
  const folder = folderOf({ 'p.rego': `package p\n\n${rules.join('\n\n')}\n` });
  const output = join(folderOf({}), 'bundle.tar.gz');
  const { code, said } = opa(folder, 'build', '-t', 'wasm', '-e', 'p/r', '-o', output, ...flags, '--bundle', '.');
  if (code !== 0) throw new Error(said);
  const bundle = readBundle(readFileSync(output));
  const refused = await compilePolicy({ bundle, entrypoint: 'p/r', builtins: {} }).then(
    () => '',
    (error: Error) => error.message,
  );
  return Array.from(refused.matchAll(/the builtin (\S+)/g), ([, name = '']) => name);
}
