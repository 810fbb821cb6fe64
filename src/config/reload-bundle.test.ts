import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type BundleServer, startBundleServer } from '../../test/fakes/bundle-server.ts';
import { changed, filesOf, flat, manifestOf, packed, signed } from '../../test/fakes/policy-bundle.ts';
import { createLog } from '../log.ts';
import { loadConfig } from './load.ts';
import { type Reloader, type ReloadResult, startReloader } from './reload.ts';

const MATRIX = readFileSync(new URL('../../demo/matrix.yaml', import.meta.url), 'utf8');
const POLICY = flat(filesOf());
const ours = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const others = generateKeyPairSync('ec', { namedCurve: 'P-256' });

let folder: string;
let server: BundleServer;
let reloader: Reloader | undefined;
let results: ReloadResult[];
let log: string[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'behalf-bundles-'));
  server = await startBundleServer();
  [results, log, reloader] = [[], [], undefined];
  write('matrix.yaml', MATRIX);
  write('ours.pem', ours.publicKey.export({ type: 'spki', format: 'pem' }).toString());
  write('idp.json', JSON.stringify({ keys: [{ ...ours.publicKey.export({ format: 'jwk' }), kid: 'i' }] }));
});
afterEach(async () => {
  reloader?.close();
  await server.stop();
});

const at = (name: string) => join(folder, name);
const write = (name: string, content: string | Uint8Array) => writeFileSync(at(name), content);
const soon = (check: () => void) => vi.waitFor(check, { timeout: 8000, interval: 10 });

/** A bundle of the shipped policy at a revision, signed. */
async function bundle(revision: string, key: KeyObject = ours.privateKey): Promise<Uint8Array<ArrayBuffer>> {
  return packed(await signed(changed(POLICY, { '.manifest': manifestOf({ revision }) }), { key }));
}

async function start(policy: string): Promise<Reloader> {
  const configPath = at('behalf.yaml');
  write(
    'behalf.yaml',
    `issuers:\n  - issuer: https://idp.acme.example\n    jwks: { file: ./idp.json }\nprovenance: { records: none, traces: none }\npolicy: ${policy}\n`,
  );
  const load = () => loadConfig({ path: configPath, env: {} });
  reloader = await startReloader(load(), {
    configPath,
    load,
    log: createLog({ sink: { write: (line) => log.push(line) } }),
    onReload: (result) => results.push(result),
    quietMs: 20,
    pollMs: 50,
  });
  return reloader;
}

const KEYS = 'keys: { k1: "file:./ours.pem" }';
const remote = (more = ''): string => `{ bundle: "${server.url}", poll: 1s, ${KEYS}${more} }`;
const revisionOf = ({ snapshot }: Reloader): string => snapshot().policy.revision;

describe('a bundle server', () => {
  it('brings the first bundle at start, and each new one when it is there', async () => {
    server.longPoll(true);
    server.serve(await bundle('1'));
    const live = await start(remote());
    expect(revisionOf(live)).toBe('1');
    expect(live.bundle()).toMatchObject({ ready: true, detail: '1' });
    expect(live.bundle().ageSeconds).toBeGreaterThanOrEqual(0);
    server.serve(await bundle('2'));
    await soon(() => expect(revisionOf(live)).toBe('2'));
    expect(results.at(-1)).toMatchObject({ ok: true, trigger: 'new bundle' });
  });

  it('may be down at start: everything is denied, and the process says why, until it is back [P12, Y04]', async () => {
    const live = await start(remote());
    expect(revisionOf(live)).toBe('none');
    expect(live.bundle()).toMatchObject({ ready: false, ageSeconds: undefined });
    expect(live.bundle().detail).toContain('answered 404');
    expect(() => live.snapshot().policy.evaluate('{}')).toThrow(expect.objectContaining({ code: 'not_ready' }));
    await live.reload('SIGHUP');
    expect(revisionOf(live)).toBe('none');
    server.serve(await bundle('1'));
    await soon(() => expect(revisionOf(live)).toBe('1'));
    expect(live.bundle().ready).toBe(true);
  });

  it.each<[string, () => Promise<Uint8Array>, string]>([
    ['unsigned', async () => packed(POLICY), 'policy.keys demands a signature'],
    ['signed by another key', () => bundle('2', others.privateKey), 'its signature is not one of the key k1'],
    ['older', () => bundle('0'), 'its revision 0 was replaced by 1'],
    ['corrupt', async () => (await bundle('2')).subarray(0, 9000), 'not a whole .tar.gz'],
    ['empty', async () => new Uint8Array(), 'sent nothing'],
    [
      'one that was altered',
      async () => packed(changed(await signed(POLICY, { key: ours.privateKey }), { 'data.json': '{"a":1}' })),
      'data.json is not the file that was signed',
    ],
    [
      'one with another module',
      async () =>
        packed(
          await signed(changed(POLICY, { 'policy.wasm': new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]) }), {
            key: ours.privateKey,
          }),
        ),
      'policy.wasm is not what OPA builds',
    ],
  ])(
    'keeps the last good bundle where the new one is %s, says why, and takes the next good one [P09, P10, P11]',
    async (_, make, problem) => {
      server.longPoll(true);
      server.serve(await bundle('1'));
      const live = await start(remote());
      const before = live.snapshot();
      await soon(() => expect(server.requests.length).toBeGreaterThan(1));
      server.serve(await make());
      await soon(() => expect(log.join('')).toContain(problem));
      expect(live.snapshot()).toBe(before);
      expect(live.bundle()).toMatchObject({ ready: true });
      expect(live.bundle().detail).toContain('the last download failed');
      // The matrix can still be changed, though the server has nothing good.
      write('matrix.yaml', `# changed\n${MATRIX}`);
      await soon(() => expect(live.snapshot().matrix.revision).not.toBe(before.matrix.revision));
      expect(revisionOf(live)).toBe('1');
      server.serve(await bundle('3'));
      await soon(() => expect(revisionOf(live)).toBe('3'));
    },
  );

  it('may be down at the next start where the last bundle is kept: it is verified again, and said to be old [P12]', async () => {
    server.serve(await bundle('5'));
    const first = await start(remote(', persist: ./kept'));
    expect(revisionOf(first)).toBe('5');
    first.close();
    server.serve(undefined);
    const second = await start(remote(', persist: ./kept'));
    expect(revisionOf(second)).toBe('5');
    expect(second.bundle()).toMatchObject({ ready: true });
    expect(second.bundle().detail).toContain('the copy that an earlier process left');
    expect(log.join('')).toContain('the policy is the copy that an earlier process left');
    // Also to a new process, an older one is older.
    server.serve(await bundle('4'));
    await soon(() => expect(log.join('')).toContain('its revision 4 was replaced by 5'));
    server.serve(await bundle('5'));
    await soon(() => expect(second.bundle().detail).toBe('5'));
  });

  it('is asked, rather than a kept copy that the keys no longer verify [P12]', async () => {
    server.serve(await bundle('5'));
    (await start(remote(', persist: ./kept'))).close();
    write('ours.pem', others.publicKey.export({ type: 'spki', format: 'pem' }).toString());
    server.serve(undefined);
    const live = await start(remote(', persist: ./kept'));
    expect(revisionOf(live)).toBe('none');
    expect(log.join('')).toContain('the copy that an earlier process left is refused');
    server.serve(await bundle('6', others.privateKey));
    await soon(() => expect(revisionOf(live)).toBe('6'));
  });

  it.each<[string, (path: string) => void]>([
    [
      'a kept bundle that was altered',
      (path) => write(`kept/${readdirSync(path).find((name) => name.startsWith('bundle-')) ?? ''}`, 'x'),
    ],
    ['a state that is no state', () => write('kept/state.json', '{')],
  ])('is asked where there is %s [P12]', async (_, spoil) => {
    server.serve(await bundle('5'));
    (await start(remote(', persist: ./kept'))).close();
    spoil(at('kept'));
    expect(revisionOf(await start(remote(', persist: ./kept')))).toBe('5');
  });

  it('lets the one revision come back that is allowed, and says so [P11]', async () => {
    server.serve(await bundle('5'));
    const live = await start(remote());
    server.serve(await bundle('4'));
    await soon(() => expect(log.join('')).toContain('its revision 4 was replaced by 5'));
    write('behalf.yaml', readFileSync(at('behalf.yaml'), 'utf8').replace('poll: 1s', 'poll: 1s, allowDowngrade: "4"'));
    await soon(() => expect(revisionOf(live)).toBe('4'));
    expect(log.join('')).toContain('POLICY DOWNGRADED');
    expect(log.join('')).toContain('"from":"5","to":"4"');
  });

  it('is not followed to where it has nothing: a reload does not take a policy away [Y05]', async () => {
    write('bundle.tar.gz', await bundle('1'));
    const live = await start(`{ bundle: ./bundle.tar.gz, ${KEYS} }`);
    write('behalf.yaml', readFileSync(at('behalf.yaml'), 'utf8').replace('./bundle.tar.gz', server.url));
    await soon(() => expect(results.at(-1)).toMatchObject({ ok: false }));
    expect(revisionOf(live)).toBe('1');
    server.serve(await bundle('2'));
    expect(await live.reload('SIGHUP')).toMatchObject({ ok: true });
    expect(revisionOf(live)).toBe('2');
  });

  it('does not hold up the last good one for ever where its key is taken away: the reload says why', async () => {
    server.serve(await bundle('1'));
    const live = await start(remote());
    write('ours.pem', others.publicKey.export({ type: 'spki', format: 'pem' }).toString());
    await soon(() => expect(results.at(-1)).toMatchObject({ ok: false }));
    expect(JSON.stringify(results.at(-1))).toContain('is not one of the key k1');
    server.serve(await bundle('2', others.privateKey));
    await soon(() => expect(revisionOf(live)).toBe('2'));
  });
});

describe('a bundle on disk', () => {
  it('is taken from a folder, through the swap by which Kubernetes updates a ConfigMap [Y05]', async () => {
    const put = async (version: string, revision: string): Promise<void> => {
      mkdirSync(at(`policy/${version}`), { recursive: true });
      const files = await signed(changed(POLICY, { '.manifest': manifestOf({ revision }) }), { key: ours.privateKey });
      for (const [name, content] of Object.entries(files)) write(`policy/${version}/${name}`, content);
    };
    await put('..1', '1');
    await put('..2', '2');
    symlinkSync('..1', at('policy/..data'));
    for (const name of readdirSync(at('policy/..1'))) symlinkSync(`..data/${name}`, at(`policy/${name}`));
    const live = await start(`{ bundle: ./policy, ${KEYS} }`);
    expect(revisionOf(live)).toBe('1');
    symlinkSync('..2', at('policy/..tmp'));
    renameSync(at('policy/..tmp'), at('policy/..data'));
    await soon(() => expect(revisionOf(live)).toBe('2'));
    expect(live.bundle().ageSeconds).toBeUndefined();
  });

  it('is refused where it is older than what was taken, by this process or one before [P11]', async () => {
    const policy = `{ bundle: ./bundle.tar.gz, ${KEYS}, persist: ./kept }`;
    write('bundle.tar.gz', await bundle('aa'));
    const live = await start(policy);
    write('bundle.tar.gz', await bundle('bb'));
    await soon(() => expect(revisionOf(live)).toBe('bb'));
    write('bundle.tar.gz', await bundle('aa'));
    await soon(() => expect(results.at(-1)).toMatchObject({ ok: false }));
    expect(JSON.stringify(results.at(-1))).toContain('its revision aa was replaced by bb');
    expect(revisionOf(live)).toBe('bb');
    live.close();
    await expect(start(policy)).rejects.toMatchObject({ code: 'bundle_downgrade' });
    expect(revisionOf(await start(policy.replace('persist', 'allowDowngrade: aa, persist')))).toBe('aa');
  });

  it('is refused at start where it is not signed by a key of ours: there is no way to go on [P10]', async () => {
    write('bundle.tar.gz', packed(POLICY));
    await expect(start(`{ bundle: ./bundle.tar.gz, ${KEYS} }`)).rejects.toMatchObject({ code: 'bundle_unsigned' });
  });

  it('keeps the last good one through every byte at which the file can end [P09]', async () => {
    const small = packed({
      '.manifest': manifestOf({ revision: '2' }),
      'data.json': '{}',
      'policy.wasm': new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]),
    });
    write('bundle.tar.gz', packed(changed(POLICY, { '.manifest': manifestOf({ revision: '1' }) })));
    const live = await start('{ bundle: ./bundle.tar.gz }');
    const before = live.snapshot();
    for (let end = 0; end <= small.length; end += 1) {
      write('bundle.tar.gz', small.subarray(0, end));
      expect(await live.reload('SIGHUP')).toMatchObject({ ok: false });
    }
    expect(live.snapshot()).toBe(before);
    write('bundle.tar.gz', packed(changed(POLICY, { '.manifest': manifestOf({ revision: '3' }) })));
    expect(await live.reload('SIGHUP')).toMatchObject({ ok: true });
    expect(revisionOf(live)).toBe('3');
  });
});
