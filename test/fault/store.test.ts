/** Faults that need a machine of their own to happen: a full disk, a crash, a folder that others own; and the package. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createLog } from '../../src/log.ts';
import { openStore } from '../../src/store/open-store.ts';
import type { Store } from '../../src/store/store.ts';
import { startStoreProcess } from '../fakes/store-process.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const HOUR = 3_600_000;
const why = { by: 'operator', reason: 'test' };
const log = createLog({ level: 'silent' });
const once = (key: string) => ({ once: [{ key, until: Date.now() + HOUR }] });
const ask = (store: Store, tokenId: string) =>
  store.revokedBy({
    tokenId,
    issuer: 'https://idp.acme.example',
    keyId: undefined,
    issuedAt: Date.now(),
    subject: { issuer: 'https://idp.acme.example', id: 'alice' },
    agents: [],
  });

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

function makeFolder(): string {
  return mkdtempSync(join(tmpdir(), 'behalf-store-'));
}

/** A small disk; undefined where this process may not mount one. */
function mountSmallDisk(): string | undefined {
  const folder = makeFolder();
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder]).status !== 0) return undefined;
  undo.push(() => spawnSync('umount', ['-l', folder]));
  return folder;
}

describe('a disk that is full', () => {
  it('acknowledges nothing that it does not keep, goes on reading, and recovers [C05, C17]', async ({ skip }) => {
    const disk = mountSmallDisk();
    skip(disk === undefined, 'no disk can be mounted here');
    const open = () => openStore(`sqlite:${join(disk ?? '', 'behalf.db')}`, { log });
    let store = open();
    undo.push(() => store.close());
    await store.ready();
    const kept: string[] = [];
    const fill = async (): Promise<void> => {
      for (let n = 0; n < 3000; n++) {
        await store.revoke({ kind: 'token', id: `t-${n}` }, { by: 'operator', reason: 'x'.repeat(500) });
        kept.push(`t-${n}`);
      }
    };
    await expect(fill()).rejects.toMatchObject({ kind: 'unavailable', message: expect.stringMatching(/full/) });
    expect(kept.length).toBeGreaterThan(10);
    expect(ask(store, 't-0')).toBe('token');
    expect(ask(store, `t-${kept.length}`)).toBeUndefined();

    expect(spawnSync('mount', ['-o', 'remount,size=8m', disk ?? '']).status).toBe(0);
    await vi.waitFor(() => store.revoke({ kind: 'token', id: 'later' }, why), { timeout: 10_000, interval: 50 });
    await store.close();
    store = open();
    await store.ready();
    expect([...kept, 'later'].filter((id) => ask(store, id) !== 'token')).toEqual([]);
  });
});

describe('a process that crashes', () => {
  it('has kept every spending that it acknowledged [D01]', async () => {
    const name = `sqlite:${join(makeFolder(), 'behalf.db')}`;
    const other = await startStoreProcess(name);
    undo.push(() => other.stop());
    const acknowledged: string[] = [];
    const killed = new AbortController();
    const writers = Array.from({ length: 8 }, async (_, writer) => {
      for (let n = 0; !killed.signal.aborted; n++) {
        const key = `${writer}-${n}`;
        const [result] = await other.spend([once(key)]).catch(() => []);
        if (typeof result === 'object' && result.ok) acknowledged.push(key);
      }
    });
    await vi.waitFor(() => expect(acknowledged.length).toBeGreaterThan(300), { timeout: 20_000, interval: 5 });
    await other.kill();
    killed.abort();
    await Promise.all(writers);
    const store = openStore(name, { log });
    undo.push(() => store.close());
    await store.ready();
    for (const key of acknowledged) {
      expect(await store.spend(once(key))).toMatchObject({ ok: false, why: 'replayed' });
    }
  });
});

describe('a folder that others own', () => {
  it('is refused in a plain sentence [C16]', () => {
    const isRoot = process.getuid?.() === 0;
    const script = `
      const { openStore } = await import(${JSON.stringify(new URL('../../src/store/open-store.ts', import.meta.url).href)});
      const store = openStore('sqlite:/usr/behalf.db', { log: { error() {}, info() {}, fatal() {} } });
      await store.ready().catch((error) => console.log(error.kind + ': ' + error.message));
      await store.close();`;
    const said = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
      ...(isRoot && { uid: 65_534, gid: 65_534 }),
    });
    expect(said).toMatch(/^unavailable: the store sqlite:\/usr\/behalf\.db is not available: .* cannot be opened/);
  });
});

describe('the package', () => {
  it('starts the thread of the store from what was compiled', () => {
    const folder = makeFolder();
    // Compiled for this test alone: dist/ belongs to whoever builds the package.
    const out = join(folder, 'dist');
    mkdirSync(out);
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
    spawnSync(process.execPath, [tsc, '-p', join(ROOT, 'tsconfig.build.json'), '--outDir', out], { cwd: ROOT });
    writeFileSync(join(folder, 'package.json'), '{"type": "module"}');
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'junction');
    const script = `
      import { openStore } from ${JSON.stringify(join(out, 'store/open-store.js'))};
      const store = openStore(${JSON.stringify(`sqlite:${join(folder, 'behalf.db')}`)}, { log: console });
      await store.ready();
      console.log(JSON.stringify(await store.spend({ once: [{ key: 'k', until: Date.now() + 60000 }] })));
      await store.close();`;
    const said = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
    expect(JSON.parse(said)).toEqual({ ok: true });
    rmSync(folder, { recursive: true, force: true });
  });
});
