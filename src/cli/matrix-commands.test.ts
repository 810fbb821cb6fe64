import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { matrixOf, row, writeMatrix } from '../../test/fakes/matrix.ts';
import { recordLine } from '../../test/fakes/record-line.ts';
import { run } from '../../test/fakes/run-cli.ts';
import { fullTrail } from '../../test/fakes/trail.ts';
import { Refusal } from '../refusals.ts';

const folder = mkdtempSync(join(tmpdir(), 'behalf-matrix-cli-'));
const agents = { buyer: { spiffeId: 'spiffe://prod.acme.example/ns/agents/sa/buyer' } };
const authorities = { idp: { kind: 'oidc', issuer: 'https://idp.acme.example', owner: 'iam' } };
const GOOD = writeMatrix(matrixOf({ a: row() }, { agents, authorities }));
const BAD = writeMatrix(matrixOf({ a: row({ revocation: undefined }) }, { agents, authorities }));

/** A configuration for a matrix. */
function configFor(matrix: string, more = ''): string {
  const path = join(mkdtempSync(join(folder, 'c-')), 'behalf.yaml');
  const issuers = 'issuers: [{ issuer: https://idp.acme.example, jwks: { uri: https://idp.acme.example/jwks } }]';
  writeFileSync(path, `matrix: ${matrix}\n${issuers}\npolicy: { bundle: b.tar.gz }\n${more}`);
  return path;
}

describe('behalf matrix lint', () => {
  it('says that nothing was found, and what a file alone does not show', async () => {
    const { code, out, err } = await run('matrix', 'lint', GOOD);
    expect(code).toBe(0);
    expect(out).toMatch(/matrix\.yaml at [0-9a-f]{12}: 1 row, nothing found\n$/);
    expect(err).toContain('is judged alone: issuers are not checked, and a durable store is assumed');
  });

  it('groups findings by row with their places, and exits with 4 on errors', async () => {
    const { code, out } = await run('matrix', 'lint', BAD);
    expect(code).toBe(4);
    expect(out).toMatch(
      /^a\n {2}.*matrix\.yaml:\d+:\d+: error revocation-missing: .*\n\n.*: 1 row, 1 error, 0 warnings\n$/,
    );
  });

  it('prints JSON', async () => {
    const { code, out } = await run('matrix', 'lint', BAD, '--json');
    expect(JSON.parse(out)).toMatchObject({
      ok: false,
      rows: 1,
      errors: 1,
      warnings: 0,
      findings: [{ rule: 'revocation-missing', hop: 'a' }],
    });
    expect(code).toBe(4);
  });

  it('takes matrix, issuers and store from the configuration', async () => {
    const memory = await run('matrix', 'lint', '--config', configFor(GOOD));
    expect(memory.code).toBe(4);
    expect(memory.out).toContain('store: memory: takes no revocations');
    expect(await run('matrix', 'lint', '--config', configFor(GOOD, 'store: sqlite:x.db\n'))).toMatchObject({
      code: 0,
      err: '',
    });
    const other = await run('matrix', 'lint', '--config', configFor(GOOD), '--set', 'matrix=nowhere.yaml');
    expect(other).toMatchObject({ code: 2, err: expect.stringContaining('nowhere.yaml: cannot be read') });
  });

  it('refuses a matrix that is not valid with 2, as every verb does', async () => {
    const { code, err } = await run('matrix', 'lint', writeMatrix(matrixOf({ a: row({ agents: ['byer'] }) })));
    expect(code).toBe(2);
    expect(err).toContain('there is no agent "byer"; did you mean "buyer"?');
  });
});

describe('behalf matrix render', () => {
  it('writes Markdown to stdout, and HTML where it is told', async () => {
    expect((await run('matrix', 'render', GOOD, '--title', 'Mine', '--date', '2026-12-01')).out).toMatch(
      /^# Mine\n\n.*2026-12-01\n/,
    );
    const out = join(folder, 'page.html');
    expect(await run('matrix', 'render', GOOD, '--format', 'html', '--out', out)).toMatchObject({ code: 0, out: '' });
    expect(readFileSync(out, 'utf8')).toContain('<title>Auth matrix of prod.acme.example, revision ');
  });

  it('judges by the day that it is given', async () => {
    const exceptions = [{ hop: 'a', rule: 'static-credential', owner: 'crm', reason: 'vendor', expires: '2026-12-31' }];
    const path = writeMatrix(matrixOf({ a: row() }, { agents, authorities, exceptions }));
    const isOver = async (day: string) =>
      (await run('matrix', 'render', path, '--date', day)).out.includes('over, the row denies');
    expect([await isOver('2026-12-31'), await isOver('2027-01-01')]).toEqual([false, true]);
  });

  it('prints what it knows as JSON', async () => {
    expect(JSON.parse((await run('matrix', 'render', GOOD, '--json')).out)).toMatchObject({
      counts: { rows: 1 },
      rows: [{ id: 'a' }],
    });
  });

  it.each([
    ['a day that is none', ['--date', '2026-02-30'], 'It must be a day such as 2026-12-01.'],
    ['a format that is none', ['--format', 'pdf'], 'Allowed choices are md, html.'],
    ['a place that is none', ['--out', join(folder, 'no', 'page.md')], 'cannot be written: there is no such file'],
  ])('refuses %s', async (_, argv, problem) => {
    const { code, err } = await run('matrix', 'render', GOOD, ...argv);
    expect(code).toBe(2);
    expect(err).toContain(problem);
  });
});

describe('behalf matrix learn', () => {
  const place = { parent: undefined, trusted: false, link: undefined };
  const { routed: _, peer: __, ...unrouted } = fullTrail({ refusal: new Refusal('hop_unknown', 'none') });
  const records = join(folder, 'records.ndjson');
  const lines = [unrouted, fullTrail()].map((trail) => recordLine(trail, { place, context: undefined }));
  writeFileSync(records, `${lines.map((line) => line.trimEnd()).join('\n')}\nnot a record\n`);

  it('drafts rows, lists what nothing used, and stays YAML that lint reads', async () => {
    const out = join(folder, 'draft.yaml');
    const { code, err } = await run('matrix', 'learn', records, '--matrix', GOOD, '--out', out);
    expect(code).toBe(0);
    expect(err).toContain('left out: 1\n');
    const text = readFileSync(out, 'utf8');
    expect(text).toContain('path: /v1/regions/eu/invoices/{id}');
    expect(text).toContain('# Rows that nothing used:\n#   a\n');
    const lint = await run('matrix', 'lint', out, '--json');
    expect(
      new Set((JSON.parse(lint.out) as { findings: { rule: string }[] }).findings.map(({ rule }) => rule)),
    ).toEqual(new Set(['unfinished']));
  });

  it('learns the first matrix where there is none, and prints JSON', async () => {
    const cwd = process.cwd();
    expect(existsSync(join(cwd, 'behalf.yaml'))).toBe(false);
    const { out, err } = await run('matrix', 'learn', records, '--json');
    expect(err).toContain('no matrix is known');
    expect(JSON.parse(out)).toMatchObject({
      records: 2,
      skipped: 1,
      draft: { rows: ['erp.invoices.read'], strangers: 0 },
    });
  });

  it.each([
    ['a file that is not there', join(folder, 'none'), 'cannot be read: there is no such file'],
    ['a folder', folder, 'cannot be read: it is a folder, not a file'],
  ])('refuses %s', async (_name, path, problem) => {
    const { code, err } = await run('matrix', 'learn', path);
    expect(code).toBe(2);
    expect(err).toContain(problem);
  });

  it('holds no line that has no end', async () => {
    const path = join(folder, 'endless.ndjson');
    writeFileSync(path, `${'x'.repeat(3 * 1024 * 1024)}\n${lines[1]?.trimEnd()}\n`);
    expect(JSON.parse((await run('matrix', 'learn', path, '--json')).out)).toMatchObject({ records: 1, skipped: 1 });
  });
});
