import { copyFileSync, mkdtempSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLog } from '../log.ts';
import type { Snapshot } from '../snapshot.ts';
import { loadConfig } from './load.ts';
import { type Reloader, type ReloadResult, startReloader } from './reload.ts';

const BUNDLE = fileURLToPath(new URL('../../policies/bundle.tar.gz', import.meta.url));
const MATRIX = readFileSync(new URL('../../demo/matrix.yaml', import.meta.url), 'utf8');
const KEYS = JSON.stringify({ keys: [ecKey('k1')] });
const CONFIG = `matrix: ./matrix.yaml
issuers:
  - issuer: https://idp.acme.example
    jwks: { file: ./keys.json }
policy: { bundle: ./bundle.tar.gz }
provenance: { records: none, traces: none }
`;

let folder: string;
let reloader: Reloader;
let results: ReloadResult[];
let log: string[];
/** How often the config was read, and what to do when it is. */
let loads: number;
let onLoad: (() => void) | undefined;

function ecKey(kid: string): Record<string, string> {
  const x = 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU';
  return {
    kty: 'EC',
    crv: 'P-256',
    x,
    y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
    kid,
    alg: 'ES256',
    use: 'sig',
  };
}

const at = (name: string) => join(folder, name);
const write = (name: string, text: string) => writeFileSync(at(name), text);

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'behalf-reload-'));
  write('behalf.yaml', CONFIG);
  write('matrix.yaml', MATRIX);
  write('keys.json', KEYS);
  copyFileSync(BUNDLE, at('bundle.tar.gz'));
  results = [];
  log = [];
  loads = 0;
  const load = () => {
    loads += 1;
    onLoad?.();
    return loadConfig({ path: at('behalf.yaml'), env: {} });
  };
  reloader = await startReloader(load(), {
    configPath: at('behalf.yaml'),
    load,
    log: createLog({ sink: { write: (line) => log.push(line) } }),
    onReload: (result) => results.push(result),
    quietMs: 20,
    pollMs: 50,
  });
});

afterEach(() => reloader.close());

const reloads = (count: number) =>
  vi.waitFor(() => expect(results.length).toBeGreaterThanOrEqual(count), { timeout: 5000, interval: 10 });

describe('startReloader', () => {
  it('builds the first snapshot, and loads its keys', async () => {
    expect(reloader.snapshot()).toMatchObject({ epoch: 1, denialDetail: 'class' });
    expect(reloader.last()).toBeUndefined();
    await vi.waitFor(() => expect(reloader.snapshot().issuers.status()).toMatchObject([{ ready: true }]));
  });

  it('swaps in a whole new snapshot when the matrix changes', async () => {
    const before = reloader.snapshot();
    write('matrix.yaml', MATRIX.replace('trustDomain:', '# changed\ntrustDomain:'));
    await reloads(1);
    const after = reloader.snapshot();
    expect(results[0]).toEqual({ ok: true, epoch: 2, trigger: 'file change', needRestart: [] });
    expect(after.epoch).toBe(2);
    expect(after.matrix.revision).not.toBe(before.matrix.revision);
    expect(before.epoch).toBe(1);
  });

  it.each<[string, string, (whole: string) => string]>([
    ['a truncated config', 'behalf.yaml', (whole) => whole.slice(0, 60)],
    ['an empty config', 'behalf.yaml', () => ''],
    ['a truncated matrix', 'matrix.yaml', (whole) => whole.slice(0, 1500)],
    ['an empty matrix', 'matrix.yaml', () => ''],
    ['a truncated bundle', 'bundle.tar.gz', (whole) => whole.slice(0, 500)],
    ['truncated keys', 'keys.json', (whole) => whole.slice(0, 20)],
    ['a key file without keys', 'keys.json', () => '{"keys":[]}'],
    ['a matrix for another issuer', 'matrix.yaml', (whole) => whole.replace('idp.acme', 'idp.other')],
  ])('keeps the last good snapshot through %s, says why, and takes the mended file (Y05)', async (_, name, spoil) => {
    const good = readFileSync(at(name));
    const before = reloader.snapshot();
    writeFileSync(at(name), Buffer.from(spoil(good.toString('latin1')), 'latin1'));
    await reloads(1);
    expect(results[0]).toMatchObject({ ok: false, epoch: 1, trigger: 'file change' });
    expect(reloader.snapshot()).toBe(before);
    expect(log.join('')).toContain('reload failed: the last good configuration stays in use');
    expect(JSON.stringify(results[0])).toContain(name);
    writeFileSync(at(name), good);
    await vi.waitFor(() => expect(results.at(-1)).toMatchObject({ ok: true, epoch: 2 }), {
      timeout: 5000,
      interval: 10,
    });
    expect(reloader.last()).toEqual(results.at(-1));
  });

  it('follows the files that a broken change names, so that mending them is enough', async () => {
    write('behalf.yaml', CONFIG.replace('./matrix.yaml', './other.yaml'));
    await reloads(1);
    expect(results[0]).toMatchObject({ ok: false });
    write('other.yaml', MATRIX);
    await vi.waitFor(() => expect(results.at(-1)).toMatchObject({ ok: true, epoch: 2 }), {
      timeout: 5000,
      interval: 10,
    });
  });

  it('reads a key file again when it changes', async () => {
    const { issuers } = reloader.snapshot();
    await vi.waitFor(() => expect(issuers.status()).toMatchObject([{ ready: true, detail: '1 keys' }]));
    write('keys.json', JSON.stringify({ keys: [ecKey('k1'), ecKey('k2')] }));
    await reloads(1);
    expect(reloader.snapshot().issuers).not.toBe(issuers);
    await vi.waitFor(() =>
      expect(reloader.snapshot().issuers.status()).toMatchObject([{ ready: true, detail: '2 keys' }]),
    );
  });

  it('stays ready through a reload: the new keys are there before the new snapshot is', async () => {
    await vi.waitFor(() => expect(reloader.snapshot().issuers.status()).toMatchObject([{ ready: true }]));
    const unready: Snapshot[] = [];
    const look = setInterval(() => {
      const snapshot = reloader.snapshot();
      if (!snapshot.issuers.status().every(({ ready }) => ready)) unready.push(snapshot);
    }, 1);
    for (let round = 0; round < 10; round += 1) await reloader.reload('SIGHUP');
    clearInterval(look);
    expect(reloader.snapshot().issuers.status()).toMatchObject([{ ready: true }]);
    expect(unready).toEqual([]);
  });

  it('takes an issuer that cannot be reached, rather than wait for it', async () => {
    const added = '  - issuer: https://new.acme.example\n    jwks: { uri: "http://127.0.0.1:9/jwks" }\npolicy:';
    write('behalf.yaml', CONFIG.replace('policy:', added));
    await reloads(1);
    expect(results[0]).toMatchObject({ ok: true, epoch: 2 });
    expect(reloader.snapshot().issuers.status()).toMatchObject([{ ready: true }, { ready: false }]);
  });

  it('keeps an issuer that works: keys that a change would lose are a reason to refuse it (Y05)', async () => {
    await vi.waitFor(() => expect(reloader.snapshot().issuers.status()).toMatchObject([{ ready: true }]));
    const before = reloader.snapshot();
    write('behalf.yaml', CONFIG.replace('file: ./keys.json', 'uri: "http://127.0.0.1:9/jwks"'));
    await reloads(1);
    expect(results[0]).toMatchObject({ ok: false, epoch: 1 });
    expect(JSON.stringify(results[0])).toContain('issuer https://idp.acme.example has keys, and would have none: ');
    expect(reloader.snapshot()).toBe(before);
    expect(reloader.snapshot().issuers.status()).toMatchObject([{ ready: true }]);
    write('behalf.yaml', `# mended\n${CONFIG}`);
    await reloads(2);
    expect(results.at(-1)).toMatchObject({ ok: true, epoch: 2 });
  });

  it('forgets every verdict on a token with the configuration it was made under (J26)', async () => {
    const { verified } = reloader.snapshot().issuers;
    await reloader.reload('SIGHUP');
    expect(reloader.snapshot().issuers.verified).not.toBe(verified);
  });

  it('builds again where a file changes while it builds: one snapshot is of one state of the files (P13)', {
    // It builds twice, each time with a whole self-check, which on a busy machine takes its time.
    timeout: 60_000,
  }, async () => {
    const before = reloader.snapshot().matrix.revision;
    const changed = new Promise<void>((resolve) => {
      // The config is being read; the matrix is next, at once; the bundle comes later. Between the two it changes.
      onLoad = () => {
        onLoad = undefined;
        setImmediate(() => {
          write('matrix.yaml.new', `# changed\n${MATRIX}`);
          renameSync(at('matrix.yaml.new'), at('matrix.yaml'));
          resolve();
        });
      };
    });
    loads = 0;
    const result = await reloader.reload('SIGHUP');
    await changed;
    expect(result).toMatchObject({ ok: true, epoch: 2 });
    expect(loads).toBeGreaterThanOrEqual(2);
    expect(reloader.snapshot().matrix.revision).not.toBe(before);
  });

  it('reloads when asked, also where no file changed', async () => {
    expect(await reloader.reload('SIGHUP')).toEqual({ ok: true, epoch: 2, trigger: 'SIGHUP', needRestart: [] });
  });

  it('applies what it can, and names what waits for a restart', async () => {
    write(
      'behalf.yaml',
      `${CONFIG.replace('traces: none', 'traces: otlp')}denials: { detail: full }\nlisten: { check: "127.0.0.1:1" }\n`,
    );
    await reloads(1);
    expect(results[0]).toMatchObject({ ok: true, needRestart: ['listen.check', 'provenance.traces'] });
    expect(reloader.snapshot().denialDetail).toBe('full');
    expect(log.join('')).toContain('these changes need a restart');
  });

  it('never shows a mix of two configurations through a storm of reloads (P13)', async () => {
    const revisions = new Map<string, 'class' | 'full'>();
    const variants = (['class', 'full'] as const).map((detail) => ({
      matrix: `# ${detail}\n${MATRIX}`,
      config: `${CONFIG.replace('./matrix.yaml', `./matrix-${detail}.yaml`)}denials: { detail: ${detail} }\n`,
      detail,
    }));
    for (const { matrix, detail } of variants) write(`matrix-${detail}.yaml`, matrix);
    const mixed: Snapshot[] = [];
    for (let round = 0; round < 40; round += 1) {
      const { config } = variants[round % 2] ?? { config: CONFIG };
      write('behalf.yaml.new', config);
      renameSync(at('behalf.yaml.new'), at('behalf.yaml'));
      await reloader.reload('storm');
      const snapshot = reloader.snapshot();
      const known = revisions.get(snapshot.matrix.revision);
      if (known !== undefined && known !== snapshot.denialDetail) mixed.push(snapshot);
      revisions.set(snapshot.matrix.revision, snapshot.denialDetail);
    }
    expect(mixed).toEqual([]);
    expect(revisions.size).toBe(2);
    expect(results.every(({ ok }) => ok)).toBe(true);
  });
});
