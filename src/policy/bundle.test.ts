import { readFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import { createTar, parseTar, type TarFileInput } from 'nanotar';
import { describe, expect, it } from 'vitest';
import { type Bundle, BundleError, readBundle } from './bundle.ts';

const SHIPPED = readFileSync(new URL('../../policies/bundle.tar.gz', import.meta.url));
const FILES = parseTar(new Uint8Array(gunzipSync(SHIPPED)));

/** The shipped bundle with files replaced; `undefined` takes one out. */
function packed(changes: Record<string, string | Uint8Array | undefined>): Uint8Array {
  const files = FILES.filter(({ name }) => !(name in changes)).map(
    ({ name, data }): TarFileInput => ({ name, data: data ?? '' }),
  );
  const added = Object.entries(changes).flatMap(([name, data]) => (data === undefined ? [] : [{ name, data }]));
  return gzipSync(createTar([...files, ...added], { attrs: { mtime: 0 } }));
}

function manifest(changes: Record<string, unknown>): string {
  return JSON.stringify({ wasm: [{ entrypoint: 'a/b', module: '/policy.wasm' }], ...changes });
}

function failure(bytes: Uint8Array): BundleError | Bundle {
  try {
    return readBundle(bytes);
  } catch (error) {
    if (error instanceof BundleError) return error;
    throw error;
  }
}

describe('readBundle', () => {
  it('reads what opa build wrote', () => {
    const bundle = readBundle(SHIPPED);
    expect(bundle.revision).toMatch(/^[0-9a-f]{12}$/);
    expect(bundle.entrypoints).toEqual(['behalf/authz/decision']);
    expect(bundle.data).toEqual({});
    expect(bundle.sources.map(({ path }) => path)).toEqual(['authz.rego']);
    expect(bundle.wasm.length).toBeGreaterThan(100_000);
  });

  it('takes the revision from the manifest where it gives one', () => {
    expect(readBundle(packed({ '.manifest': manifest({ revision: 'v42' }) })).revision).toBe('v42');
  });

  it('gives another revision to other bytes', () => {
    const other = packed({ 'data.json': '{"limit": 1}' });
    expect(readBundle(other).revision).not.toBe(readBundle(SHIPPED).revision);
    expect(readBundle(other).data).toEqual({ limit: 1 });
  });

  it('reads a bundle that lies in the middle of a larger buffer', () => {
    const around = Buffer.concat([Buffer.alloc(13), SHIPPED, Buffer.alloc(7)]);
    expect(readBundle(around.subarray(13, 13 + SHIPPED.length)).entrypoints).toHaveLength(1);
  });

  it('reads names written with a leading ./', () => {
    const { wasm } = readBundle(SHIPPED);
    const bytes = packed({ 'policy.wasm': undefined, './policy.wasm': wasm });
    expect(readBundle(bytes).wasm).toEqual(wasm);
  });

  it('refuses a bundle cut off at any byte (threats P09)', () => {
    const cuts = Array.from({ length: SHIPPED.length }, (_, at) => at).filter(
      (at) => at < 200 || at > SHIPPED.length - 200 || at % 199 === 0,
    );
    const read = cuts.filter((at) => !(failure(SHIPPED.subarray(0, at)) instanceof BundleError));
    expect(read).toEqual([]);
  });

  it('refuses an archive cut off at any block, though the gzip around it is whole (threats P09)', () => {
    const tar = gunzipSync(SHIPPED);
    const last = tar.findLastIndex((byte) => byte !== 0);
    const read = [];
    for (let at = 0; at < last; at += 512) {
      if (!(failure(gzipSync(tar.subarray(0, at), { level: 1 })) instanceof BundleError)) read.push(at);
    }
    expect(read).toEqual([]);
  });

  it('reads the same, or refuses, where one bit of the file is another (threats P09)', () => {
    const { wasm, data, entrypoints } = readBundle(SHIPPED);
    for (let at = 0; at < SHIPPED.length; at += at < 20 ? 1 : 557) {
      const flipped = Buffer.from(SHIPPED);
      flipped.writeUInt8(flipped.readUInt8(at) ^ 1, at);
      const result = failure(flipped);
      if (!(result instanceof BundleError)) expect(result).toMatchObject({ wasm, data, entrypoints });
    }
  });

  const big = Buffer.alloc(65 * 1024 * 1024);
  it.each([
    ['nothing', new Uint8Array(), 'bundle_corrupt', 'whole .tar.gz'],
    ['text', Buffer.from('package behalf.authz'), 'bundle_corrupt', 'whole .tar.gz'],
    ['an empty archive', gzipSync(Buffer.alloc(1024)), 'bundle_incomplete', '.manifest'],
    ['a gzip of nothing', gzipSync(''), 'bundle_incomplete', '.manifest'],
    ['a gzip of text', gzipSync('x'.repeat(2000)), 'bundle_incomplete', '.manifest'],
    ['64 MiB of zeros in a few bytes', gzipSync(big, { level: 1 }), 'bundle_corrupt', '64 MiB'],
    ['no policy.wasm', packed({ 'policy.wasm': undefined }), 'bundle_incomplete', 'policy.wasm'],
    ['no data.json', packed({ 'data.json': undefined }), 'bundle_incomplete', 'data.json'],
    ['no .manifest', packed({ '.manifest': undefined }), 'bundle_incomplete', '.manifest'],
    ['an empty policy.wasm', packed({ 'policy.wasm': ' ' }), 'bundle_invalid', 'policy.wasm'],
    ['a policy.wasm of text', packed({ 'policy.wasm': 'not wasm at all' }), 'bundle_invalid', 'policy.wasm'],
    ['data that is not merged', packed({ 'roles/data.json': '{}' }), 'bundle_invalid', 'roles/data.json'],
    ['a file twice', packed({ 'data.json': '{}', './data.json': '{"a": 1}' }), 'bundle_corrupt', 'data.json'],
  ])('refuses %s', (_, bytes, code, named) => {
    const error = failure(bytes);
    expect(error).toBeInstanceOf(BundleError);
    expect(error).toMatchObject({ code, exitCode: 3 });
    expect(() => readBundle(bytes)).toThrow(named);
  });

  it.each(['', ' ', 'null', '[]', '""', '0', '{', '{"a": }', '\xff\xfe', '{} {}'])(
    'refuses data.json holding %j',
    (text) => {
      expect(failure(packed({ 'data.json': text }))).toBeInstanceOf(BundleError);
      expect(failure(packed({ 'data.json': Buffer.from(text, 'latin1') }))).toBeInstanceOf(BundleError);
    },
  );

  it.each([
    {},
    { wasm: null },
    { wasm: [] },
    { wasm: {} },
    { wasm: [null] },
    { wasm: [{}] },
    { wasm: [{ entrypoint: '', module: '/policy.wasm' }] },
    { wasm: [{ entrypoint: null, module: '/policy.wasm' }] },
    { wasm: [{ entrypoint: 'a/b' }] },
    { wasm: [{ entrypoint: 'a/b', module: '/other.wasm' }] },
    { wasm: [{ entrypoint: 'a/b', module: '/policy.wasm' }], revision: null },
    { wasm: [{ entrypoint: 'a/b', module: '/policy.wasm' }], revision: 1 },
    { wasm: [{ entrypoint: 'a/b', module: '/policy.wasm' }], revision: 'a b\n' },
    { wasm: [{ entrypoint: 'a/b', module: '/policy.wasm' }], revision: 'x'.repeat(129) },
  ])('refuses a manifest with a blank or foreign field: %j (threats P09)', (content) => {
    const bytes = packed({ '.manifest': JSON.stringify(content) });
    expect(failure(bytes)).toMatchObject({ code: 'bundle_invalid' });
    expect(() => readBundle(bytes)).toThrow('.manifest');
  });

  it('keeps a member named __proto__ in data as plain data', () => {
    const { data } = readBundle(packed({ 'data.json': '{"__proto__": {"admin": true}}' }));
    expect(Object.keys(data)).toEqual(['__proto__']);
    expect(({} as Record<string, unknown>)['admin']).toBeUndefined();
  });
});
