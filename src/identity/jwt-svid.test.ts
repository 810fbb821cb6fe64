import { createSecretKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { createAuthority, issueSvid } from '../../test/fakes/ca.ts';
import { Refusal } from '../refusals.ts';
import { readJwtBundle } from './jwt-bundle.ts';
import { identifyPeer } from './peer.ts';
import type { PeerRules } from './peer-rules.ts';

const ID = 'spiffe://prod.acme.example/ns/agents/sa/procurement';
const AUDIENCE = 'spiffe://prod.acme.example/erp';
const SECONDS = Math.floor(Date.now() / 1000);
const authority = createAuthority();

const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const edwards = generateKeyPairSync('ed25519');
const foreign = generateKeyPairSync('ec', { namedCurve: 'P-256' });

const jwk = (key: KeyObject, over: object = {}) => ({
  ...key.export({ format: 'jwk' }),
  use: 'jwt-svid',
  ...over,
});
const bundle = (...keys: readonly object[]) => readJwtBundle(JSON.stringify({ keys }));
const own = () =>
  bundle(jwk(ec.publicKey, { kid: 'ec' }), jwk(rsa.publicKey, { kid: 'rsa', use: undefined }), {
    use: 'x509-svid',
    kty: 'EC',
  });

const rules = (over: Partial<PeerRules> = {}): PeerRules => ({
  trustDomains: new Set(['prod.acme.example', 'partner.example', 'bare.example']),
  xfcc: undefined,
  bundles: new Map(),
  jwtBundles: new Map([
    ['prod.acme.example', own()],
    ['partner.example', bundle(jwk(foreign.publicKey, { kid: 'ec' }))],
  ]),
  ...over,
});

interface Token {
  readonly key?: Parameters<SignJWT['sign']>[0];
  readonly header?: object;
  readonly claims?: object;
}

function mint({ key = ec.privateKey, header = {}, claims = {} }: Token = {}): Promise<string> {
  return new SignJWT({ sub: ID, aud: [AUDIENCE], exp: SECONDS + 300, ...claims })
    .setProtectedHeader({ alg: 'ES256', kid: 'ec', typ: 'JWT', ...header })
    .sign(key);
}

interface Call {
  readonly rules?: PeerRules;
  readonly now?: number;
  readonly certificate?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

async function outcome(token: string | undefined, call: Call = {}): Promise<string> {
  const headers = { ...(token !== undefined && { 'x-spiffe-jwt-svid': token }), ...call.headers };
  const hop = { peer: { from: 'jwt-svid', audience: AUDIENCE } } as const;
  const peer = { certificate: encodeURIComponent(call.certificate ?? ''), principal: '' };
  try {
    return (await identifyPeer({ peer, headers }, hop, call.rules ?? rules(), call.now ?? Date.now())).id;
  } catch (error) {
    return error instanceof Refusal ? error.code : `threw ${String(error)}`;
  }
}

describe('a JWT-SVID', () => {
  it.each<[string, Token]>([
    ['with one audience as text', { claims: { aud: AUDIENCE } }],
    ['with several audiences', { claims: { aud: ['x', AUDIENCE] } }],
    ['without typ', { header: { typ: undefined } }],
    ['with typ JOSE', { header: { typ: 'JOSE' } }],
    ['signed RS256', { key: rsa.privateKey, header: { alg: 'RS256', kid: 'rsa' } }],
    ['whose issuer is half a minute ahead', { claims: { nbf: SECONDS + 25, iat: SECONDS + 25 } }],
    ['for an hour', { claims: { exp: SECONDS + 3600 } }],
    ['signed PS384', { key: rsa.privateKey, header: { alg: 'PS384', kid: 'rsa' } }],
  ])('proves its subject %s [S16]', async (_, token) => {
    expect(await outcome(await mint(token))).toBe(ID);
  });

  it.each<[string, Token, string]>([
    ['for another audience', { claims: { aud: ['x'] } }, 'aud_mismatch'],
    ['for no audience', { claims: { aud: undefined } }, 'jwt_svid_invalid'],
    ['for an empty list of audiences', { claims: { aud: [] } }, 'jwt_svid_invalid'],
    ['that has expired', { claims: { exp: SECONDS - 1 } }, 'jwt_svid_invalid'],
    ['that never expires', { claims: { exp: undefined } }, 'jwt_svid_invalid'],
    ['that is not valid yet', { claims: { nbf: SECONDS + 60 } }, 'jwt_svid_invalid'],
    ['that was issued in the future', { claims: { iat: SECONDS + 60 } }, 'jwt_svid_invalid'],
    ['whose iat is text', { claims: { iat: String(SECONDS) } }, 'jwt_svid_invalid'],
    ['that lives for over an hour', { claims: { exp: SECONDS + 3700 } }, 'jwt_svid_invalid'],
    ['of an unknown trust domain', { claims: { sub: 'spiffe://evil.example/a' } }, 'trust_domain_unknown'],
    ['of a trust domain without a bundle', { claims: { sub: 'spiffe://bare.example/a' } }, 'jwt_svid_invalid'],
    ['of a trust domain whose keys are others', { claims: { sub: 'spiffe://partner.example/a' } }, 'jwt_svid_invalid'],
    ['whose subject is no SPIFFE ID', { claims: { sub: 'procurement' } }, 'spiffe_id_invalid'],
    ['whose subject is a trust domain', { claims: { sub: 'spiffe://prod.acme.example' } }, 'spiffe_id_invalid'],
    ['without a subject', { claims: { sub: undefined } }, 'jwt_svid_invalid'],
    ['without kid', { header: { kid: undefined } }, 'jwt_svid_invalid'],
    ['with an unknown kid', { header: { kid: 'other' } }, 'jwt_svid_invalid'],
    ['that is an access token', { header: { typ: 'at+jwt' } }, 'jwt_svid_invalid'],
    ['that is a WIT-SVID', { header: { typ: 'wit+jwt' } }, 'jwt_svid_invalid'],
    ['that brings its own key', { header: { jwk: ec.publicKey.export({ format: 'jwk' }) } }, 'jwt_svid_invalid'],
    ['signed EdDSA', { key: edwards.privateKey, header: { alg: 'EdDSA' } }, 'jwt_svid_invalid'],
    ['signed HS256', { key: createSecretKey(Buffer.alloc(32, 1)), header: { alg: 'HS256' } }, 'jwt_svid_invalid'],
    ['signed by another key', { key: foreign.privateKey }, 'jwt_svid_invalid'],
    ['signed by a key of another kind', { key: rsa.privateKey, header: { alg: 'RS256' } }, 'jwt_svid_invalid'],
  ])('is refused %s [S16]', async (_, token, code) => {
    expect(await outcome(await mint(token))).toBe(code);
  });

  it.each([
    ['nothing', undefined],
    ['text', 'nonsense'],
    ['two tokens', 'a.b.c,a.b.c'],
    ['an empty signature', `${Buffer.from('{"alg":"none"}').toString('base64url')}.e30.`],
    ['over 8 KiB', `a.${'b'.repeat(9000)}.c`],
    ['a member twice', `${Buffer.from('{"alg":"ES256","alg":"ES256","kid":"ec"}').toString('base64url')}.e30.c`],
    ['a list for a header', `${Buffer.from('[]').toString('base64url')}.e30.c`],
  ])('is refused where there is %s [S16]', async (_, token) => {
    expect(await outcome(token)).toBe('jwt_svid_invalid');
  });

  it('whose signature was changed is refused, also after it was seen [S16]', async () => {
    const token = await mint();
    const known = rules();
    expect(await outcome(token, { rules: known })).toBe(ID);
    const [head = '', body = '', signature = ''] = token.split('.');
    const flipped = `${head}.${body}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`;
    expect(await outcome(flipped, { rules: known })).toBe('jwt_svid_invalid');
  });

  it('expires although it was verified before, and ends with the bundle that verified it [S16]', async () => {
    const token = await mint();
    const known = rules();
    expect(await outcome(token, { rules: known })).toBe(ID);
    expect(await outcome(token, { rules: known, now: (SECONDS + 301) * 1000 })).toBe('jwt_svid_invalid');
    const rotated = rules({
      jwtBundles: new Map([['prod.acme.example', bundle(jwk(foreign.publicKey, { kid: 'ec' }))]]),
    });
    expect(await outcome(token, { rules: rotated })).toBe('jwt_svid_invalid');
  });

  it('must agree with the certificate of the connection, where there is one [S11]', async () => {
    const token = await mint();
    const certificate = (uri: string) => issueSvid(authority, { uris: [uri] }).certificate;
    expect(await outcome(token, { certificate: certificate(ID) })).toBe(ID);
    expect(await outcome(token, { certificate: certificate(`${ID}2`) })).toBe('peer_identity_conflict');
    expect(await outcome(token, { certificate: 'nonsense' })).toBe('peer_cert_unparseable');
  });

  it('must agree with a forwarded certificate that nobody vouches for [S01]', async () => {
    const headers = { 'x-forwarded-client-cert': 'URI=spiffe://prod.acme.example/victim' };
    expect(await outcome(await mint(), { headers })).toBe('xfcc_untrusted');
  });

  it('is not looked at where the row wants the connection, nor is a connection enough where it wants one [S16]', async () => {
    expect(await outcome(undefined, { certificate: issueSvid(authority, { uris: [ID] }).certificate })).toBe(
      'jwt_svid_invalid',
    );
    const headers = { 'x-spiffe-jwt-svid': await mint() };
    const silent = { peer: { certificate: '', principal: '' }, headers };
    expect(() => identifyPeer(silent, { peer: { from: 'connection' } }, rules(), Date.now())).toThrow('peer_missing');
  });
});

describe('a JWT bundle', () => {
  it('leaves out keys that cannot be used, and takes the others [S16]', async () => {
    const small = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const mixed = bundle(
      jwk(small.publicKey, { kid: 'small' }),
      { kty: 'EC', crv: 'P-999', x: 'AA', y: 'AA', kid: 'curve', use: 'jwt-svid' },
      { kty: 'EC', kid: 'ec', use: 'jwt-svid' },
      { kty: 'RSA', n: 'AQAB', e: 'AQAB', kid: 'numbers', use: 'jwt-svid' },
      jwk(ec.publicKey, { kid: 'ec' }),
    );
    expect([...mixed.keys.keys()]).toEqual(['ec']);
    const known = rules({ jwtBundles: new Map([['prod.acme.example', mixed]]) });
    expect(await outcome(await mint(), { rules: known })).toBe(ID);
  });

  it.each<[string, string, string]>([
    ['no keys', '{}', 'no "keys"'],
    ['no JWT-SVID key', JSON.stringify({ keys: [jwk(ec.publicKey, { kid: 'a', use: 'x509-svid' })] }), 'no public key'],
    ['no kid', JSON.stringify({ keys: [jwk(ec.publicKey)] }), 'no public key'],
    ['a private key', JSON.stringify({ keys: [jwk(ec.privateKey, { kid: 'a' })] }), 'no public key'],
    ['no key that can be used', JSON.stringify({ keys: [{ kty: 'EC', kid: 'a' }] }), 'no public key'],
    ['a kid twice', JSON.stringify({ keys: ['a', 'a'].map((kid) => jwk(ec.publicKey, { kid })) }), 'alike'],
    ['over 100 keys', JSON.stringify({ keys: Array.from({ length: 101 }, () => ({})) }), 'over 100'],
    ['a member twice', '{"keys":[],"keys":[]}', 'duplicate'],
  ])('with %s is not taken [S16]', (_, text, why) => {
    expect(() => readJwtBundle(text)).toThrow(why);
  });
});
