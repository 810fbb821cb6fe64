import { createHash, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  changed,
  type Files,
  filesOf,
  manifestOf,
  packed,
  type Signer,
  signed,
} from '../../test/fakes/policy-bundle.ts';
import { unpackBundle } from './bundle-archive.ts';
import { type BundleTrust, verifySignature } from './signature.ts';
import type { SigningAlgorithm } from './signing-key.ts';

/** Made by OPA 1.22.2: see test/fixtures/bundles/README.md. */
const FIXTURES = new URL('../../test/fixtures/bundles/', import.meta.url);
const BY_OPA = filesOf(new URL('RS256.tar.gz', FIXTURES));
const fixture = (name: string): string => readFileSync(new URL(name, FIXTURES), 'utf8');

const ours = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const others = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const FILES: Files = {
  '.manifest': manifestOf(),
  'data.json': '{}',
  'policy.wasm': 'not read here',
  'a.rego': 'package a',
};

function trust(key: KeyObject, algorithm: SigningAlgorithm = 'ES256', { kid = 'k1', scope = '' } = {}): BundleTrust {
  return { keys: new Map([[kid, { key, algorithm }]]), scope };
}

function verify(files: Files, whom: BundleTrust = trust(ours.publicKey)): Promise<string> {
  return verifySignature(unpackBundle(packed(files)), whom);
}

const sign = (files: Files = FILES, signer: Partial<Signer> = {}): Promise<Files> =>
  signed(files, { key: ours.privateKey, ...signer });

describe('verifySignature', () => {
  it.each([
    ['RS256', 'RS256', undefined],
    ['PS256', 'RS256', 'PS256'],
    ['ES256', 'ES256', 'ES256'],
    ['EdDSA', 'EdDSA', 'EdDSA'],
  ] as const)('accepts what OPA signed with %s', async (algorithm, pem, replaced) => {
    const files =
      replaced === undefined ? BY_OPA : changed(BY_OPA, { '.signatures.json': fixture(`${replaced}.signatures.json`) });
    const key = createPublicKey(fixture(`${pem}.pem`));
    await expect(verify(files, trust(key, algorithm, { kid: 'default' }))).resolves.toMatch(/^[0-9a-f]{64}$/);
    await expect(verify(files, trust(ours.publicKey, 'ES256', { kid: 'default' }))).rejects.toMatchObject({
      code: 'bundle_signature_invalid',
    });
  });

  it('accepts the scope and key id that OPA signed as claims, and no other scope [P10]', async () => {
    const files = changed(BY_OPA, { '.signatures.json': fixture('scoped.signatures.json') });
    const key = createPublicKey(fixture('ES256.pem'));
    const asked = (scope: string, kid = 'k9'): Promise<string> => verify(files, trust(key, 'ES256', { scope, kid }));
    await expect(asked('prod')).resolves.toBeDefined();
    for (const scope of ['', 'test', 'prod '])
      await expect(asked(scope)).rejects.toMatchObject({ code: 'bundle_scope' });
    await expect(asked('prod', 'k1')).rejects.toMatchObject({ code: 'bundle_signature_invalid' });
  });

  it('takes whitespace and order of data.json and .manifest for nothing, as OPA does, and any value for something', async () => {
    const key = trust(createPublicKey(fixture('RS256.pem')), 'RS256', { kid: 'default' });
    const data = Buffer.from(BY_OPA['data.json'] ?? '').toString();
    const spread = data.replace('{"limits":{', '{ "limits" :\n{ "zz":0,').replace('"zz":0,', '');
    await expect(verify(changed(BY_OPA, { 'data.json': spread }), key)).resolves.toBeDefined();
    for (const other of [
      data.replace('1.0', '1'),
      data.replace('null', 'true'),
      data.replace('1e3', '1000'),
      data.replace('\u007f', ''),
    ]) {
      expect(other).not.toBe(data);
      await expect(verify(changed(BY_OPA, { 'data.json': other }), key)).rejects.toMatchObject({
        code: 'bundle_signature_invalid',
      });
    }
  });

  it('says the same digest for the same signed files, however they are packed, and another for others [P11]', async () => {
    const files = await sign();
    const reordered = Object.fromEntries(Object.entries(files).toReversed());
    expect(packed(reordered)).not.toEqual(packed(files));
    expect(await verify(reordered)).toBe(await verify(files));
    expect(await verify(await sign(changed(FILES, { 'data.json': '{"a":1}' })))).not.toBe(await verify(files));
  });

  it.each<[string, (good: Files) => Files | Promise<Files>, string]>([
    ['no .signatures.json', (good) => changed(good, { '.signatures.json': undefined }), 'bundle_unsigned'],
    ['no signature in it', (good) => changed(good, { '.signatures.json': '{"signatures":[]}' }), 'bundle_unsigned'],
    ['an empty .signatures.json', (good) => changed(good, { '.signatures.json': '' }), 'bundle_signature_invalid'],
    ['null for signatures', (good) => changed(good, { '.signatures.json': '{"signatures":null}' }), 'bundle_unsigned'],
    [
      'text for a signature',
      (good) => changed(good, { '.signatures.json': '{"signatures":["a.b.c"]}' }),
      'bundle_signature_invalid',
    ],
    [
      'an empty signature',
      (good) => changed(good, { '.signatures.json': '{"signatures":[""]}' }),
      'bundle_signature_invalid',
    ],
    ['two signatures', (good) => changed(good, { '.signatures.json': twice(good) }), 'bundle_signature_invalid'],
    [
      'a plugin of OPA',
      (good) => changed(good, { '.signatures.json': withPlugin(good, 'none') }),
      'bundle_signature_invalid',
    ],
    [
      'alg none',
      (good) => changed(good, { '.signatures.json': withHeader(good, { alg: 'none' }) }),
      'bundle_signature_invalid',
    ],
    ['a file that is not listed', (good) => changed(good, { 'b.rego': 'package b' }), 'bundle_signature_invalid'],
    ['a listed file taken out', (good) => changed(good, { 'a.rego': undefined }), 'bundle_signature_invalid'],
    ['an altered file', (good) => changed(good, { 'policy.wasm': 'not read herE' }), 'bundle_signature_invalid'],
    ['altered data', (good) => changed(good, { 'data.json': '{"admin":true}' }), 'bundle_signature_invalid'],
    [
      'an altered manifest',
      (good) => changed(good, { '.manifest': manifestOf({ revision: '9' }) }),
      'bundle_signature_invalid',
    ],
    ['data that is no JSON', (good) => changed(good, { 'data.json': '{' }), 'bundle_signature_invalid'],
    ['an emptied file', (good) => changed(good, { 'a.rego': '' }), 'bundle_signature_invalid'],
    ['another key', () => sign(FILES, { key: others.privateKey }), 'bundle_signature_invalid'],
    ['a key id that is not configured', () => sign(FILES, { kid: 'k2' }), 'bundle_signature_invalid'],
    ['a scope where none is configured', () => sign(FILES, { claims: { scope: 'test' } }), 'bundle_scope'],
    ['a scope that is no text', () => sign(FILES, { claims: { scope: 1 } }), 'bundle_signature_invalid'],
    ['no list of files', () => sign(FILES, { claims: { files: {} } }), 'bundle_signature_invalid'],
    ['an empty list of files', () => sign(FILES, { claims: { files: [] } }), 'bundle_signature_invalid'],
    ['a null in the list', () => sign(FILES, { claims: { files: [null] } }), 'bundle_signature_invalid'],
    ['hashes by MD5', () => sign(FILES, { claims: { files: listedBy('md5', 'MD5') } }), 'bundle_signature_invalid'],
    [
      'hashes by SHA-1',
      () => sign(FILES, { claims: { files: listedBy('sha1', 'SHA-1') } }),
      'bundle_signature_invalid',
    ],
    [
      'hashes by an algorithm called toString',
      () => sign(FILES, { claims: { files: listedBy('sha256', 'toString') } }),
      'bundle_signature_invalid',
    ],
  ])('refuses a bundle with %s [P10]', async (_, spoil, code) => {
    await expect(verify(await sign())).resolves.toBeDefined();
    await expect(verify(await spoil(await sign()))).rejects.toMatchObject({ name: 'BundleError', code });
  });

  it('takes the algorithm from the configuration, also where the same key could be used with another [P10]', async () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const files = await sign(FILES, { key: rsa.privateKey, algorithm: 'RS256' });
    await expect(verify(files, trust(rsa.publicKey, 'RS256'))).resolves.toBeDefined();
    await expect(verify(files, trust(rsa.publicKey, 'PS256'))).rejects.toMatchObject({
      code: 'bundle_signature_invalid',
    });
    await expect(verify(files, trust(rsa.publicKey, 'RS512'))).rejects.toMatchObject({
      code: 'bundle_signature_invalid',
    });
  });

  it('takes a signature that names no key for one of the only key, and for none where there are several [P10]', async () => {
    const files = await sign(FILES, { kid: '' });
    await expect(verify(files)).resolves.toBeDefined();
    const keys = new Map([...trust(ours.publicKey).keys, ...trust(others.publicKey, 'ES256', { kid: 'k2' }).keys]);
    await expect(verify(files, { keys, scope: '' })).rejects.toMatchObject({ code: 'bundle_signature_invalid' });
    await expect(verify(await sign(), { keys, scope: '' })).resolves.toBeDefined();
  });

  it('accepts hashes by SHA-384 and SHA-512', async () => {
    for (const [hash, name] of [
      ['sha384', 'SHA-384'],
      ['sha512', 'SHA-512'],
    ] as const) {
      await expect(verify(await sign(FILES, { claims: { files: listedBy(hash, name) } }))).resolves.toBeDefined();
    }
  });
});

function signatures(files: Files): { signatures: [string] } {
  return JSON.parse(String(files['.signatures.json'])) as { signatures: [string] };
}

function twice(files: Files): string {
  const {
    signatures: [token],
  } = signatures(files);
  return JSON.stringify({ signatures: [token, token] });
}

function withPlugin(files: Files, plugin: string): string {
  return JSON.stringify({ ...signatures(files), plugin });
}

function withHeader(files: Files, header: object): string {
  const [, payload] = signatures(files).signatures[0].split('.');
  return JSON.stringify({ signatures: [`${Buffer.from(JSON.stringify(header)).toString('base64url')}.${payload}.`] });
}

function listedBy(hash: string, algorithm: string): readonly object[] {
  return Object.entries(FILES).map(([name, content]) => ({
    name,
    hash: createHash(hash).update(content).digest('hex'),
    algorithm,
  }));
}
