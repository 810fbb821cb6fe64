/** policies/lib: what docs/policy-library.md promises of it. */
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { readBundle } from '../src/policy/bundle.ts';
import { runWithOpa } from './fakes/run-cli.ts';
import { describeWithOpa } from './fakes/with-opa.ts';

const root = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));

function folderWith(rego: string, options: { readonly library: boolean }): string {
  const folder = mkdtempSync(join(tmpdir(), 'behalf-library-'));
  writeFileSync(join(folder, 'authz.rego'), rego);
  if (options.library) cpSync(root('policies/lib'), join(folder, 'lib'), { recursive: true });
  return folder;
}

const ALONE = 'package behalf.authz\n\ndefault decision := {"allow": false, "reasons": []}\n';
const IMPORTING = `package behalf.authz

import data.behalf.lib.hop

default decision := {"allow": false, "reasons": []}

decision := {"allow": true, "reasons": []} if hop.asks("procurement", "invoices.read")
`;

describeWithOpa('the policy library', (opa) => {
  const build = (folder: string) =>
    opa(folder, 'build', '--target', 'wasm', '--entrypoint', 'behalf/authz/decision', '--bundle', '.');

  it('passes its tests, wrong types among them, in the runtime that decides Checks and in OPA [P03]', async () => {
    const { code, out } = await runWithOpa('policy', 'test', root('policies'), '--json');
    expect([code, JSON.parse(out)]).toEqual([0, expect.objectContaining({ ok: true })]);
  });

  it('has nothing that policy check would warn of', async () => {
    const { out, err } = await runWithOpa('policy', 'check', folderWith(IMPORTING, { library: true }));
    expect(`${out}${err}`).not.toMatch(/lib\/.*(?:warning|error)/);
  });

  it('adds nothing to the module of a policy that does not use it', () => {
    const [alone, beside] = [false, true].map((library) => {
      const folder = folderWith(ALONE, { library });
      expect(build(folder).code).toBe(0);
      return readBundle(readFileSync(join(folder, 'bundle.tar.gz'))).wasm;
    });
    expect(beside).toEqual(alone);
  });

  it('is missed by a policy that calls it, before it decides anything', () => {
    expect(build(folderWith(IMPORTING, { library: true })).code).toBe(0);
    const { code, said } = build(folderWith(IMPORTING, { library: false }));
    expect(code).not.toBe(0);
    expect(said).toContain('authz.rego:7: rego_type_error: undefined function data.behalf.lib.hop.asks');
  });
});
