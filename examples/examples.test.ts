/** What stands here to be copied is valid, lints without an error, and renders. */
import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loadMatrix } from '../src/matrix/compile.ts';
import { run } from '../test/fakes/run-cli.ts';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
/** The others are policies: examples/policies/policies.test.ts. */
const EXAMPLES = readdirSync(here('.')).filter((name) => existsSync(here(`${name}/behalf.yaml`)));

describe.each(EXAMPLES)('examples/%s', (name) => {
  const config = here(`${name}/behalf.yaml`);

  it('is listed', () => {
    expect(readFileSync(here('README.md'), 'utf8')).toContain(`(${name}/README.md)`);
  });

  it('is valid, with its configuration and the shipped policy', async () => {
    expect(await run('validate', '--config', config)).toMatchObject({ code: 0 });
  });

  it('lints without a finding', async () => {
    const { code, out } = await run('matrix', 'lint', '--config', config, '--json');
    expect(JSON.parse(out)).toMatchObject({ ok: true, errors: 0, findings: [] });
    expect(code).toBe(0);
  });

  it.each([
    ['html', /^<!doctype html>[^]*<\/html>\n$/],
    ['md', /^# /],
  ])('renders as %s', async (format, whole) => {
    const out = join(mkdtempSync(join(tmpdir(), 'behalf-example-')), `matrix.${format}`);
    expect(await run('matrix', 'render', '--config', config, '--format', format, '--out', out)).toMatchObject({
      code: 0,
    });
    const text = readFileSync(out, 'utf8');
    expect(text).toMatch(whole);
    for (const id of loadMatrix(here(`${name}/matrix.yaml`)).hops.keys()) expect(text).toContain(id);
  });

  it('explains every row: protocol, credential, control, rotation and revocation, failure', () => {
    const sections = readFileSync(here(`${name}/README.md`), 'utf8').split('\n## ');
    for (const id of loadMatrix(here(`${name}/matrix.yaml`)).hops.keys()) {
      const section = sections.find((text) => text.split('\n', 1)[0]?.includes(`\`${id}\``)) ?? '';
      const told = ['Protocol', 'Credential', 'Control', 'Rotation and revocation', 'Failure'];
      expect(told.filter((word) => !section.includes(`- **${word}.**`))).toEqual([]);
    }
  });
});

describe('examples/five-hops', () => {
  it('has the five kinds of hop, each with the credential that it is about', () => {
    const hops = [...loadMatrix(here('five-hops/matrix.yaml')).hops.values()];
    expect(hops.map(({ protocol, credential, sender }) => [protocol, credential.type, sender])).toEqual([
      ['http', 'access-token', 'dpop'],
      ['grpc', 'access-token', 'mtls'],
      ['queue.publish', 'transaction-token', 'peer'],
      ['queue.consume', 'message-claim', 'peer'],
      ['sdk', 'federated-token', 'peer'],
    ]);
  });
});
