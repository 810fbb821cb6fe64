import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { run } from '../../test/fakes/run-cli.ts';

const MATRIX = fileURLToPath(new URL('../../demo/matrix.yaml', import.meta.url));
const INGRESS = fileURLToPath(new URL('../../envoy/ingress.yaml', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'envoy-cli-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('behalf envoy', () => {
  it('renders what it finds nothing wrong with', async () => {
    const out = join(folder, 'envoy.yaml');
    expect(await run('envoy', 'render', '--matrix', MATRIX, '--out', out)).toEqual({ code: 0, out: '', err: '' });
    expect(await run('envoy', 'lint', out, '--matrix', MATRIX)).toEqual({
      code: 0,
      out: `${out}: nothing found\n`,
      err: '',
    });
  });

  it('finds nothing wrong with the configuration that we ship', async () => {
    expect((await run('envoy', 'lint', INGRESS, '--matrix', MATRIX)).out).toBe(`${INGRESS}: nothing found\n`);
  });

  it('names rule, place, danger and remedy, and exits with 4 [E04]', async () => {
    const bad = join(folder, 'bad.yaml');
    const text = readFileSync(INGRESS, 'utf8').replace('failure_mode_allow: false', 'failure_mode_allow: true');
    writeFileSync(bad, text);
    const line = text.split('\n').findIndex((one) => one.includes('failure_mode_allow: true')) + 1;
    const { code, out } = await run('envoy', 'lint', bad);
    expect(code).toBe(4);
    expect(out).toContain(`${bad}:${line}:43: error: failure-mode-allow (E04): listener ingress: `);
    expect(out).toContain('write instead: failure_mode_allow: false');
    const { out: json } = await run('envoy', 'lint', bad, '--json');
    expect(JSON.parse(json)).toMatchObject({ ok: false, findings: [{ rule: 'failure-mode-allow' }] });
  });

  it.each([
    ['an upstream of no row', ['--upstream', 'x.example=127.0.0.1:1'], '"x.example" is neither a host of the matrix'],
    ['an upstream without an address', ['--upstream', 'erp.acme.example'], 'must be HOST=ADDRESS:PORT'],
    ['an address that is none', ['--check', 'nowhere'], '"nowhere" is no address'],
    ['a body of no row', ['--body', 'x=1'], '"x" is no row of the matrix'],
    ['a body of no size', ['--body', 'erp.invoices.read=0'], 'must be a whole number of bytes'],
  ])('refuses %s', async (_, flags, message) => {
    const { code, err } = await run('envoy', 'render', '--matrix', MATRIX, ...flags);
    expect(code).toBe(2);
    expect(err).toContain(message);
  });
});
