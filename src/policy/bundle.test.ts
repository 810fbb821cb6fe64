import { readFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import { createTar } from 'nanotar';
import { describe, expect, it } from 'vitest';
import { changed, type Files, filesOf, manifestOf, packed as packedFiles } from '../../test/fakes/policy-bundle.ts';
import { type Bundle, BundleError, readBundle } from './bundle.ts';

const SHIPPED = readFileSync(new URL('../../policies/bundle.tar.gz', import.meta.url));
const FILES = filesOf();

/** The shipped bundle with files replaced; `undefined` takes one out. */
function packed(changes: Record<string, string | Uint8Array | undefined>): Uint8Array {
  return packedFiles(changed(FILES, changes));
}

/** A bundle of a few hundred bytes, whole but for what the WASM does. */
const SMALL: Files = {
  '.manifest': manifestOf({ revision: '7' }),
  'data.json': '{"limits":{"eu":1000}}',
  'policy.wasm': new Uint8Array([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]),
  'a.rego': 'package a.b["c d"]',
};

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
    expect(bundle.sources.map(({ path }) => path)).toContain('authz.rego');
    expect(bundle.wasm.length).toBeGreaterThan(100_000);
  });

  it('takes the revision from the manifest where it gives one', () => {
    expect(readBundle(packed({ '.manifest': manifestOf({ revision: 'v42' }) })).revision).toBe('v42');
  });

  it('gives another revision to other bytes', () => {
    const other = packed({ 'data.json': '{"behalf": {"limit": 1}}' });
    expect(readBundle(other).revision).not.toBe(readBundle(SHIPPED).revision);
    expect(readBundle(other).data).toEqual({ behalf: { limit: 1 } });
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

  it('refuses a bundle cut off at any byte [P09]', () => {
    const cuts = Array.from({ length: SHIPPED.length }, (_, at) => at).filter(
      (at) => at < 200 || at > SHIPPED.length - 200 || at % 199 === 0,
    );
    const read = cuts.filter((at) => !(failure(SHIPPED.subarray(0, at)) instanceof BundleError));
    expect(read).toEqual([]);
  });

  it('refuses an archive cut off at any block, though the gzip around it is whole [P09]', () => {
    const tar = gunzipSync(SHIPPED);
    const last = tar.findLastIndex((byte) => byte !== 0);
    const read = [];
    for (let at = 0; at < last; at += 512) {
      if (!(failure(gzipSync(tar.subarray(0, at), { level: 1 })) instanceof BundleError)) read.push(at);
    }
    expect(read).toEqual([]);
  });

  it('reads the same, or refuses, where one bit of the file is another [P09]', () => {
    const { wasm, data, entrypoints } = readBundle(SHIPPED);
    for (let at = 0; at < SHIPPED.length; at += at < 20 ? 1 : 557) {
      const flipped = Buffer.from(SHIPPED);
      flipped.writeUInt8(flipped.readUInt8(at) ^ 1, at);
      const result = failure(flipped);
      if (!(result instanceof BundleError)) expect(result).toMatchObject({ wasm, data, entrypoints });
    }
  });

  it('refuses a small bundle cut off at every byte boundary, packed and unpacked [P09]', () => {
    const whole = packedFiles(SMALL);
    expect(readBundle(whole)).toMatchObject({ revision: '7', roots: [''] });
    const tar = gunzipSync(whole);
    const end = tar.findLastIndex((byte) => byte !== 0);
    const taken = [
      ...Array.from(whole, (_, at) => whole.subarray(0, at)),
      ...Array.from(tar.subarray(0, end), (_, at) => gzipSync(tar.subarray(0, at), { level: 0 })),
    ].filter((bytes) => !(failure(bytes) instanceof BundleError));
    expect(taken).toEqual([]);
  });

  it('refuses a bundle that is there twice, or has anything behind its end [P09]', () => {
    const whole = Buffer.from(packedFiles(SMALL));
    const tar = gunzipSync(whole);
    for (const bytes of [
      Buffer.concat([whole, whole]),
      gzipSync(Buffer.concat([tar, tar])),
      gzipSync(Buffer.concat([tar, Buffer.from('more')])),
    ]) {
      expect(failure(bytes)).toMatchObject({ code: 'bundle_corrupt' });
    }
  });

  it.each(Object.keys(SMALL))('refuses a bundle whose %s is emptied, zeroed, doubled or taken out [P09]', (name) => {
    const content = Buffer.from(SMALL[name] ?? '');
    const spoilt = {
      emptied: new Uint8Array(),
      zeroed: new Uint8Array(content.length),
      doubled: new Uint8Array(Buffer.concat([content, content])),
      gone: undefined,
    };
    const taken = Object.entries(spoilt).filter(
      ([, bytes]) =>
        !(
          failure(
            packedFiles(
              changed(SMALL, { '.manifest': manifestOf({ roots: ['behalf', 'limits', 'a'] }), [name]: bytes }),
            ),
          ) instanceof BundleError
        ),
    );
    // A module that is doubled is still a module until it is compiled (wasm.test.ts), and Rego is for messages alone.
    const harmless = { 'policy.wasm': ['doubled'], 'a.rego': ['doubled', 'gone'] }[name] ?? [];
    expect(taken.map(([how]) => how)).toEqual(harmless);
  });

  it.each([
    ['a link', (header: Buffer) => header.write('2', 156)],
    ['a hard link', (header: Buffer) => header.write('1', 156)],
    ['a long name of GNU', (header: Buffer) => header.write('L', 156)],
    ['an extended header', (header: Buffer) => header.write('x', 156)],
    ['a device', (header: Buffer) => header.write('3', 156)],
    ['a path that leads up', (header: Buffer) => header.write('../policy.wasm\0', 0)],
    ['a path that leads up and back', (header: Buffer) => header.write('x/../policy.wasm\0', 0)],
    ['a path of Windows', (header: Buffer) => header.write('C:/policy.wasm\0', 0)],
    ['a backslash', (header: Buffer) => header.write('x\\policy.wasm\0', 0)],
    ['an empty part', (header: Buffer) => header.write('x//policy.wasm\0', 0)],
    ['a name in two parts', (header: Buffer) => header.write('folder', 345)],
  ])('refuses an archive with %s [P10]', (_, spoil) => {
    const tar = Buffer.from(createTar([{ name: 'policy.wasm', data: 'x' }], { attrs: { mtime: 0 } }));
    expect(failure(gzipSync(tar))).toMatchObject({ code: 'bundle_incomplete' });
    const header = tar.subarray(0, 512);
    spoil(header);
    header.fill(' ', 148, 156);
    header.write(
      `${header
        .reduce((sum, byte) => sum + byte, 0)
        .toString(8)
        .padStart(6, '0')}\0 `,
      148,
    );
    expect(failure(gzipSync(tar))).toMatchObject({ code: 'bundle_corrupt' });
  });

  it('refuses a header that does not have its checksum [P09]', () => {
    const tar = gunzipSync(packedFiles(SMALL));
    tar.write('q', 1);
    expect(failure(gzipSync(tar))).toMatchObject({ code: 'bundle_corrupt' });
  });

  it.each([
    [
      'an entrypoint',
      { '.manifest': manifestOf({ roots: ['other', 'limits', 'a'] }) },
      'the entrypoint behalf/authz/decision',
    ],
    ['data', { '.manifest': manifestOf({ roots: ['behalf', 'limits/us', 'a'] }) }, 'data at /limits/eu'],
    [
      'data beside',
      { 'data.json': '{"limitsx":{}}', '.manifest': manifestOf({ roots: ['behalf', 'limits', 'a'] }) },
      'data at /limitsx',
    ],
    ['Rego', { '.manifest': manifestOf({ roots: ['behalf', 'limits', 'a/b/d'] }) }, 'the package of "a.rego"'],
    [
      'Rego without a package',
      { '.manifest': manifestOf({ roots: ['behalf', 'limits', 'a'] }), 'b.rego': 'x := 1' },
      'the package of "b.rego"',
    ],
  ])('refuses %s outside the roots of the manifest [P10]', (_, changes, named) => {
    const inside = packedFiles(
      changed(SMALL, { '.manifest': manifestOf({ roots: ['/behalf/', 'limits', 'a/b/c d'] }) }),
    );
    expect(readBundle(inside).roots).toEqual(['behalf', 'limits', 'a/b/c d']);
    const outside = packedFiles(changed(SMALL, changes));
    expect(failure(outside)).toMatchObject({ code: 'bundle_scope' });
    expect(() => readBundle(outside)).toThrow(named);
  });

  const big = Buffer.alloc(65 * 1024 * 1024);
  it.each([
    ['nothing', new Uint8Array(), 'bundle_corrupt', 'whole .tar.gz'],
    ['text', Buffer.from('package behalf.authz'), 'bundle_corrupt', 'whole .tar.gz'],
    ['an empty archive', gzipSync(Buffer.alloc(1024)), 'bundle_incomplete', '.manifest'],
    ['a gzip of nothing', gzipSync(''), 'bundle_corrupt', 'whole .tar.gz'],
    ['a gzip of text', gzipSync('x'.repeat(2000)), 'bundle_corrupt', 'no plain file'],
    ['64 MiB of zeros in a few bytes', gzipSync(big, { level: 1 }), 'bundle_corrupt', '64 MiB'],
    ['no policy.wasm', packed({ 'policy.wasm': undefined }), 'bundle_incomplete', 'policy.wasm'],
    ['no data.json', packed({ 'data.json': undefined }), 'bundle_incomplete', 'data.json'],
    ['no .manifest', packed({ '.manifest': undefined }), 'bundle_incomplete', '.manifest'],
    ['an empty policy.wasm', packed({ 'policy.wasm': ' ' }), 'bundle_invalid', 'policy.wasm'],
    ['a policy.wasm of text', packed({ 'policy.wasm': 'not wasm at all' }), 'bundle_invalid', 'policy.wasm'],
    ['YAML data', packed({ 'data.yaml': 'a: 1' }), 'bundle_invalid', 'data.yaml'],
    ['a delta bundle', packed({ 'patch.json': '{}' }), 'bundle_invalid', 'patch.json'],
    ['a second manifest', packed({ 'x/.manifest': '{}' }), 'bundle_invalid', 'x/.manifest'],
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
    { wasm: [{ entrypoint: 'a/b', module: '/policy.wasm' }], roots: null },
    { wasm: [{ entrypoint: 'a/b', module: '/policy.wasm' }], roots: [] },
    { wasm: [{ entrypoint: 'a/b', module: '/policy.wasm' }], roots: [1] },
    { wasm: [{ entrypoint: 'a/b', module: '/policy.wasm' }], roots: ['a', 'a/b'] },
    { wasm: [{ entrypoint: 'a/b', module: '/policy.wasm' }], roots: ['', 'a'] },
    { wasm: [{ entrypoint: 'a/b', module: '/policy.wasm' }], metadata: null },
    { wasm: [1, 2].map(() => ({ entrypoint: 'a/b', module: '/policy.wasm' })) },
  ])('refuses a manifest with a blank or foreign field: %j [P09]', (content) => {
    const bytes = packed({ '.manifest': JSON.stringify(content) });
    expect(failure(bytes)).toMatchObject({ code: 'bundle_invalid' });
    expect(() => readBundle(bytes)).toThrow('.manifest');
  });

  it('keeps a member named __proto__ in data as plain data', () => {
    const { data } = readBundle(packed({ '.manifest': manifestOf(), 'data.json': '{"__proto__": {"admin": true}}' }));
    expect(Object.keys(data)).toEqual(['__proto__']);
    expect(({} as Record<string, unknown>)['admin']).toBeUndefined();
  });
});
