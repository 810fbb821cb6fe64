import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run as runCli, type Said } from '../../test/fakes/run-cli.ts';
import { tokenId } from '../identity/token-id.ts';

const IDP = 'https://idp.acme.example';
const root = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const MATRIX = readFileSync(root('demo/matrix.yaml'), 'utf8').replace('grant: token', 'grant: stored');

describe('behalf grants and behalf revoke', () => {
  let folder = '';
  let config = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'behalf-grants-'));
    config = join(folder, 'behalf.yaml');
    const rows = MATRIX.replaceAll(
      'recipients.change, context: { region: path.region } }',
      'recipients.change, approval: { when: policy, body: [/to] }, context: { region: path.region } }',
    );
    writeFileSync(
      join(folder, 'matrix.yaml'),
      rows.replace('grant: token, action: recipients', 'grant: stored, action: recipients'),
    );
    copyFileSync(root('policies/bundle.tar.gz'), join(folder, 'bundle.tar.gz'));
    writeFileSync(
      config,
      `store: sqlite:./behalf.db\npolicy: { bundle: ./bundle.tar.gz }\nissuers: [{ issuer: ${IDP}, jwks: { uri: ${IDP}/jwks } }]\n`,
    );
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const run = (...argv: readonly string[]) => runCli(...argv, '--config', config);
  const create = (...more: readonly string[]) =>
    run(
      'grants',
      'create',
      '--issuer',
      IDP,
      '--subject',
      'alice',
      '--agent',
      'procurement',
      '--task',
      't-1',
      '--target',
      'https://erp.acme.example',
      '--context',
      'region=eu',
      ...more,
    );
  const READ = ['--action', 'invoices.read'];
  const CHANGE = ['--action', 'recipients.change'];
  const json = ({ out }: Said) =>
    JSON.parse(out) as {
      grants: { id: string; state: string; budget: unknown }[];
      revocation: { target: object };
      rows: { hop: string }[];
    };

  it('make, list, show and renew a grant', async () => {
    const made = await create(...CHANGE, '--id', 'g-1', '--calls', '3', '--amount', '5000:EUR:/amount');
    expect(made).toMatchObject({ code: 0, err: '' });
    expect(made.out).toContain('procurement may recipients.change at https://erp.acme.example');
    expect(made.out).toContain('0.00 of 5000.00 EUR used');
    expect(json(await run('grants', 'list', '--json')).grants).toMatchObject([
      { id: 'g-1', state: 'live', budget: { amount: { limit: 500_000 } } },
    ]);
    expect((await run('grants', 'renew', 'g-1', '--expires-in', '2h')).out).toContain('version 2');
    expect((await run('grants', 'show', 'g-1')).code).toBe(0);
  });

  it.each<[string, readonly string[], RegExp]>([
    ['an agent that the matrix does not have', [...READ, '--agent', 'nobody'], /procurement, support, reporting/],
    ['an action that no row with stored grants has', ['--action', 'payments.draft'], /invoices\.read/],
    ['another target', [...READ, '--target', 'https://x.example'], /--target https:\/\/erp\.acme\.example/],
    ['a context that the row does not read', [...READ, '--context', 'cost=1'], /exactly these --context keys: region/],
    ['an amount that no row can read', [...READ, '--amount', '5:EUR:/amount'], /no JSON body/],
    [
      'a child that is wider than its parent',
      [...CHANGE, '--parent', 'g-1', '--calls', '99', '--amount', '1:EUR:/amount'],
      /child/,
    ],
  ])('refuse a grant for %s, and say what to write instead', async (_, more, expected) => {
    const { code, err } = await create(...more);
    expect(code).toBe(2);
    expect(err).toMatch(expected);
  });

  it('take an approval from a person, never from the agent under any of its names', async () => {
    const approve = (by: string) =>
      run('grants', 'approve', 'g-1', '--hop', 'erp.recipients.change', '--digest', 'a'.repeat(64), '--by', by);
    expect((await approve('bob@acme.example')).code).toBe(0);
    expect((await approve('procurement')).err).toMatch(/cannot approve/);
    expect((await approve('spiffe://prod.acme.example/ns/agents/sa/procurement')).err).toMatch(/cannot approve/);
    expect((await run('grants', 'show', 'g-1')).out).toContain('erp.recipients.change approved by bob@acme.example');
  });

  it('revoke a grant with its children, and report what that reaches', async () => {
    await create(...CHANGE, '--id', 'g-2', '--parent', 'g-1', '--calls', '1', '--amount', '1:EUR:/amount');
    const { out } = await run('grants', 'revoke', 'g-1', '--reason', 'done');
    expect(out).toContain('Dead with it: g-1, g-2');
    expect(out).toContain('erp.recipients.change: new requests are refused within 1 s');
    expect(json(await run('grants', 'list', '--json')).grants).toEqual([]);
  });

  it('revoke a token by the name that a Check gives it, and only of an issuer that there is', async () => {
    const { revocation, rows } = json(
      await run('revoke', 'token', '--issuer', IDP, '--jti', 'j-1', '--reason', 'x', '--json'),
    );
    expect(revocation.target).toEqual({ kind: 'token', id: tokenId(IDP, { jti: 'j-1' }) });
    expect(rows.length).toBe(5);
    const misspelt = await run(
      'revoke',
      'token',
      '--issuer',
      'https://ipd.acme.example',
      '--jti',
      'j-1',
      '--reason',
      'x',
    );
    expect(misspelt).toMatchObject({ code: 2, err: expect.stringContaining(IDP) as string });
  });

  it('show a grant as revoked once its agent is', async () => {
    await create(...READ, '--id', 'g-3');
    expect((await run('revoke', 'agent', 'nobody', '--reason', 'x')).code).toBe(2);
    await run('revoke', 'agent', 'procurement', '--reason', 'acts oddly');
    expect(json(await run('grants', 'list', '--all', '--json')).grants.find(({ id }) => id === 'g-3')?.state).toBe(
      'revoked',
    );
  });

  it('refuse a store that nobody else can reach', async () => {
    const { code, err } = await run('grants', 'list', '--set', 'store=memory:');
    expect(code).toBe(2);
    expect(err).toMatch(/set store: sqlite:/);
  });
});
