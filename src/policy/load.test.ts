import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { filesOf, flat } from '../../test/fakes/policy-bundle.ts';
import { BundleError } from './bundle.ts';
import { loadPolicy } from './load.ts';

const SHIPPED = fileURLToPath(new URL('../../policies/bundle.tar.gz', import.meta.url));
const entrypoint = 'behalf/authz/decision';

function temporaryFile(content: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'behalf-load-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'bundle.tar.gz');
  writeFileSync(path, content);
  return path;
}

describe('loadPolicy', () => {
  it('loads the shipped bundle', async () => {
    const policy = await loadPolicy({ path: SHIPPED, entrypoint });
    expect(policy.entrypoint).toBe(entrypoint);
    expect(policy.revision).toMatch(/^[0-9a-f]{12}$/);
  });

  it('lists the entrypoints that exist where the one it is told does not', async () => {
    await expect(loadPolicy({ path: SHIPPED, entrypoint: 'behalf/authz/allow' })).rejects.toThrow(
      /no entrypoint behalf\/authz\/allow, only behalf\/authz\/decision/,
    );
  });

  it.each(['toString', '__proto__', ''])('does not take %j for an entrypoint', async (name) => {
    await expect(loadPolicy({ path: SHIPPED, entrypoint: name })).rejects.toMatchObject({
      code: 'bundle_entrypoint_missing',
    });
  });

  it('says that there is no file', async () => {
    const loading = loadPolicy({ path: 'no/such/bundle.tar.gz', entrypoint });
    await expect(loading).rejects.toThrow('policy bundle no/such/bundle.tar.gz: there is no such file');
    await expect(loading).rejects.toBeInstanceOf(BundleError);
  });

  it('says what a folder lacks that is no bundle', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'behalf-load-'));
    await expect(loadPolicy({ path: folder, entrypoint })).rejects.toThrow('it holds no .manifest');
  });

  it('loads an unpacked bundle, as a ConfigMap mounts it, as it does the archive', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'behalf-load-'));
    mkdirSync(join(folder, '..2026_03_01'));
    symlinkSync('..2026_03_01', join(folder, '..data'));
    for (const [name, content] of Object.entries(flat(filesOf()))) {
      writeFileSync(join(folder, '..2026_03_01', name), content);
      symlinkSync(join('..data', name), join(folder, name));
    }
    const policy = await loadPolicy({ path: folder, entrypoint });
    expect(policy.revision).toMatch(/^[0-9a-f]{12}$/);
    expect(policy.bundle?.wasm).toEqual((await loadPolicy({ path: SHIPPED, entrypoint })).bundle?.wasm);
    writeFileSync(join(folder, '..2026_03_01', 'data.json'), '{"behalf":{"x":1}}');
    expect((await loadPolicy({ path: folder, entrypoint })).revision).not.toBe(policy.revision);
  });

  it('refuses a link that leads out of an unpacked bundle [P10]', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'behalf-load-'));
    for (const [name, content] of Object.entries(flat(filesOf()))) writeFileSync(join(folder, name), content);
    const outside = temporaryFile('{}');
    symlinkSync(outside, join(folder, 'more.json'));
    await expect(loadPolicy({ path: folder, entrypoint })).rejects.toMatchObject({ code: 'bundle_corrupt' });
  });

  it('names the file in every error of its content', async () => {
    const path = temporaryFile('not a bundle');
    await expect(loadPolicy({ path, entrypoint })).rejects.toThrow(`policy bundle ${path}: it is not a whole .tar.gz`);
  });
});
