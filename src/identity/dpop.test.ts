import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDpopClient, type DpopClient, type ProofOptions } from '../../test/fakes/dpop-client.ts';
import {
  AUDIENCE,
  type Call,
  HOST,
  type IdentifyWorld,
  PATH,
  startIdentifyWorld,
} from '../../test/fakes/identify-world.ts';
import { Refusal } from '../refusals.ts';

const URL = `${AUDIENCE}${PATH}`;
const NONCE_KEY = 'a key of sixteen characters';

let world: IdentifyWorld;
let client: DpopClient;
let token: string;

beforeAll(async () => {
  [world, client] = await Promise.all([startIdentifyWorld(), createDpopClient()]);
  token = await world.token({ cnf: { jkt: client.thumbprint }, iat: seconds() - 900 });
});
afterAll(() => world.stop());

const seconds = () => Math.floor(Date.now() / 1000);
const dpopRow = () => world.row({ sender: 'dpop' });
const call = (proof: string, over: Call = {}): Call => ({
  scheme: 'DPoP',
  row: dpopRow(),
  ...over,
  headers: { dpop: proof, ...over.headers },
});
const prove = (over: Partial<ProofOptions> = {}, by = client) => by.prove({ token, url: URL, ...over });
const outcome = async (over: Partial<ProofOptions>, how?: Call) => world.outcome(token, call(await prove(over), how));
const json = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('a DPoP proof', () => {
  it('that is good lets its token pass, and must not be used again [D01, D02]', async () => {
    const now = Date.now();
    const iat = seconds();
    const proof = await prove({ claims: { iat, jti: 'one' } });
    const { once } = await world.identify(token, call(proof, { now }));
    expect(once).toEqual([{ kind: 'dpop', key: expect.any(String), until: (iat + 120 + 30) * 1000 }]);
    // The store refuses the key a second time: the same for the same proof, another for every other.
    const again = await world.identify(token, call(proof));
    expect(again.once[0]?.key).toBe(once[0]?.key);
    const other = await world.identify(token, call(await prove({ claims: { jti: 'two' } })));
    expect(other.once[0]?.key).not.toBe(once[0]?.key);
    const stranger = await createDpopClient();
    const theirs = await world.token({ cnf: { jkt: stranger.thumbprint } });
    const same = await stranger.prove({ token: theirs, url: URL, claims: { jti: 'one' } });
    expect((await world.identify(theirs, call(same))).once[0]?.key).not.toBe(once[0]?.key);
  });

  it('is asked for on every Check, also where the token is remembered [D03, J27]', async () => {
    expect(await outcome({})).toBe('ok');
    expect(await world.outcome(token, { scheme: 'DPoP', row: dpopRow() })).toBe('dpop_required');
    expect(await world.outcome(token, { row: dpopRow() })).toBe('dpop_required');
    expect(await outcome({ claims: { ath: 'x' } })).toBe('dpop_ath_mismatch');
  });

  it('is wanted for a bound token on every row: it never passes as a bearer token [D03]', async () => {
    expect(await world.outcome(token)).toBe('dpop_required');
    expect(await world.outcome(token, { headers: { dpop: await prove() } })).toBe('dpop_required');
    expect(await outcome({}, { row: world.row() })).toBe('ok');
    expect(await outcome({}, { row: world.row({ sender: 'none' }) })).toBe('ok');
    expect(await world.outcome(token, { row: world.row({ sender: 'none' }) })).toBe('dpop_required');
  });

  it('does not make a bearer token a bound one [D04]', async () => {
    const bearer = await world.token();
    const proof = await client.prove({ token: bearer, url: URL });
    expect(await world.outcome(bearer, call(proof))).toBe('dpop_binding_missing');
    expect(await world.outcome(bearer, call(proof, { row: world.row() }))).toBe('dpop_binding_missing');
    expect(await world.outcome(bearer, { row: dpopRow() })).toBe('dpop_binding_missing');
  });

  it.each<[string, Partial<ProofOptions>, string]>([
    ['another method [D05]', { method: 'POST' }, 'dpop_htm_mismatch'],
    ['the method in lower case [D05]', { method: 'get' }, 'dpop_htm_mismatch'],
    ['another host [D05]', { url: `https://crm.acme.example${PATH}` }, 'dpop_htu_mismatch'],
    ['another path [D05]', { url: `${AUDIENCE}/v1/invoices/8` }, 'dpop_htu_mismatch'],
    ['the path in capitals [D05]', { url: `${AUDIENCE}/V1/invoices/7` }, 'dpop_htu_mismatch'],
    ['a path that would be normalised to it [D05]', { url: `${AUDIENCE}/v1/x/../invoices/7` }, 'dpop_htu_mismatch'],
    ['an escaped letter in the path [D05]', { url: `${AUDIENCE}/v1/%69nvoices/7` }, 'dpop_htu_mismatch'],
    ['a slash more [D05]', { url: `${URL}/` }, 'dpop_htu_mismatch'],
    ['another port [D05]', { url: `https://${HOST}:8443${PATH}` }, 'dpop_htu_mismatch'],
    ['a user before the host [D05]', { url: `https://x@${HOST}${PATH}` }, 'dpop_htu_mismatch'],
    ['http [D11]', { url: `http://${HOST}${PATH}` }, 'dpop_htu_mismatch'],
    ['no URL [D05]', { url: PATH }, 'dpop_htu_mismatch'],
    ['no ath [D06]', { claims: { ath: undefined } }, 'dpop_ath_mismatch'],
    ['the ath of another token [D06]', { token: 'another' }, 'dpop_ath_mismatch'],
    ['an ath that is no text [D06]', { claims: { ath: 7 } }, 'dpop_malformed'],
    ['an iat of two minutes ago [D06]', { claims: { iat: seconds() - 120 } }, 'dpop_stale'],
    ['an iat in two minutes [D06]', { claims: { iat: seconds() + 120 } }, 'dpop_stale'],
    ['the smallest 64-bit iat [D06]', { claims: { iat: -(2 ** 63) } }, 'dpop_stale'],
    ['an iat in text [D06]', { claims: { iat: String(seconds()) } }, 'dpop_malformed'],
    ['no iat [D06]', { claims: { iat: undefined } }, 'dpop_malformed'],
    ['a jti of 257 characters [D06]', { claims: { jti: 'j'.repeat(257) } }, 'dpop_malformed'],
    ['an empty jti [D06]', { claims: { jti: '' } }, 'dpop_malformed'],
    ['no jti [D06]', { claims: { jti: undefined } }, 'dpop_malformed'],
    ['over 4 KiB [D06]', { claims: { note: 'n'.repeat(4096) } }, 'dpop_malformed'],
    ['no htm', { claims: { htm: undefined } }, 'dpop_malformed'],
    ['no htu', { claims: { htu: undefined } }, 'dpop_malformed'],
    ['the typ of a token', { header: { typ: 'at+jwt' } }, 'dpop_malformed'],
    ['no typ', { header: { typ: undefined } }, 'dpop_malformed'],
    ['no jwk', { header: { jwk: undefined } }, 'dpop_malformed'],
    ['a jwk that is text', { header: { jwk: 'x' } }, 'dpop_malformed'],
    ['jku', { header: { jku: 'https://evil.example' } }, 'dpop_malformed'],
    ['half a jwk', { header: { jwk: { kty: 'EC', crv: 'P-256', x: 'AA' } } }, 'dpop_malformed'],
  ])('with %s is refused', async (_, over, code) => {
    expect(await outcome(over)).toBe(code);
  });

  it.each([
    ['the host in capitals', { url: `HTTPS://ERP.acme.example${PATH}` }],
    ['the default port', { url: `https://${HOST}:443${PATH}` }],
    ['a query', { url: `${URL}?a=b` }],
    ['a fragment', { url: `${URL}#top` }],
  ])('may spell the same URL with %s [D05]', async (_, over) => {
    expect(await outcome(over)).toBe('ok');
  });

  it('may spell an escape of the path in small letters, and the empty path as a slash [D05]', async () => {
    expect(await outcome({ url: `${AUDIENCE}/a%c3%a4` }, { path: '/a%C3%A4' })).toBe('ok');
    expect(await outcome({ url: AUDIENCE }, { path: '/' })).toBe('ok');
  });

  it('is for the configured origin, whatever the request says of its scheme [D11]', async () => {
    const headers = { 'x-forwarded-proto': 'http' };
    const url = `http://${HOST}${PATH}`;
    expect(await outcome({ url }, { headers })).toBe('dpop_htu_mismatch');
    const origins = { [HOST]: 'https://api.acme.example:9443' };
    expect(await outcome({}, { dpop: { origins } })).toBe('dpop_htu_mismatch');
    expect(await outcome({ url: `https://api.acme.example:9443${PATH}` }, { dpop: { origins } })).toBe('ok');
  });

  it('of another key is not a proof for this token', async () => {
    const thief = await createDpopClient();
    expect(await world.outcome(token, call(await prove({}, thief)))).toBe('dpop_key_mismatch');
    expect(await outcome({ header: { jwk: thief.jwk } })).toBe('dpop_key_mismatch');
    // The right key in the header, and the thief's signature.
    expect(await world.outcome(token, call(await prove({ header: { jwk: client.jwk } }, thief)))).toBe(
      'dpop_signature_invalid',
    );
  });

  it('that is there twice is refused', async () => {
    const proof = await prove();
    expect(await world.outcome(token, call(`${proof},${proof}`))).toBe('credential_ambiguous');
    expect(await world.outcome(token, call(''))).toBe('dpop_required');
    expect(await world.outcome(token, call(`${proof}.${proof}`))).toBe('dpop_malformed');
    expect(await world.outcome(token, call(`${proof}.x`))).toBe('dpop_malformed');
  });

  it('signed with none, or with a secret, is refused before anything is computed [D07]', async () => {
    const [head = '', body = ''] = (await prove()).split('.');
    const header = JSON.parse(Buffer.from(head, 'base64url').toString()) as object;
    for (const alg of ['none', 'HS256', 'ES512', 'RS512', 'ES256K', 'toString']) {
      expect(await world.outcome(token, call(`${json({ ...header, alg })}.${body}.AAAA`))).toBe('dpop_alg');
    }
    const jwk = { kty: 'oct', k: 'AAAA' };
    expect(await world.outcome(token, call(`${json({ ...header, alg: 'HS256', jwk })}.${body}.AAAA`))).toBe('dpop_alg');
    expect(await world.outcome(token, call(`${json({ ...header, alg: 'RS256' })}.${body}.AAAA`))).toBe('dpop_alg');
    expect(await world.outcome(token, call(`${json({ ...header, crit: ['x'] })}.${body}.AAAA`))).toBe('dpop_malformed');
  });

  it('that gives its private key away is refused [D07]', async () => {
    expect(await outcome({ header: { jwk: client.privateJwk } })).toBe('dpop_malformed');
  });

  it.each([
    ['of 1024 bits', 1024, 'AQAB'],
    ['of 16384 bits', 16384, 'AQAB'],
    ['of 2048 bits, most of them leading zeros', 512, 'AQAB'],
    ['whose exponent is as long as the key', 2048, Buffer.alloc(256, 255).toString('base64url')],
    ['whose exponent is 1, so that anybody can sign', 2048, 'AQ'],
    ['whose exponent is even', 2048, 'BA'],
  ])('with an RSA key %s is refused before anything is computed [D07]', async (_, bits, e) => {
    const zeros = bits === 512 ? 192 : 0;
    const n = Buffer.concat([Buffer.alloc(zeros), Buffer.alloc(bits / 8, 255)]).toString('base64url');
    const [, body = ''] = (await prove()).split('.');
    const header = { alg: 'RS256', typ: 'dpop+jwt', jwk: { kty: 'RSA', n, e } };
    expect(await world.outcome(token, call(`${json(header)}.${body}.AAAA`))).toBe('dpop_alg');
  });

  it.each(['ES256', 'ES384', 'Ed25519', 'EdDSA', 'RS256', 'PS256'])('may be signed with %s', async (alg) => {
    const other = await createDpopClient(alg);
    const bound = await world.token({ cnf: { jkt: other.thumbprint } });
    expect(await world.outcome(bound, call(await other.prove({ token: bound, url: URL })))).toBe('ok');
  });

  it('with a key that is no point of its curve is refused', async () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const jwk = { ...publicKey.export({ format: 'jwk' }), y: Buffer.alloc(32, 1).toString('base64url') };
    const [, body = ''] = (await prove()).split('.');
    const { calculateJwkThumbprint } = await import('jose');
    const bound = await world.token({ cnf: { jkt: await calculateJwkThumbprint(jwk) } });
    const own = await client.prove({ token: bound, url: URL });
    const header = json({ alg: 'ES256', typ: 'dpop+jwt', jwk });
    expect(body).not.toBe('');
    expect(await world.outcome(bound, call(`${header}.${own.split('.')[1] ?? ''}.${'A'.repeat(86)}`))).toBe(
      'dpop_malformed',
    );
  });

  describe('where a nonce is wanted', () => {
    const dpop = { nonceKey: NONCE_KEY };
    const refusal = async (how: Call, claims: object = {}) => {
      const thrown: unknown = await world
        .identify(token, call(await prove({ claims: { ...claims } }), { dpop, ...how }))
        .catch((error: unknown) => error);
      if (!(thrown instanceof Refusal) || thrown.dpopNonce === undefined) throw new Error('it got no nonce');
      return thrown;
    };

    it('is answered with one, and passes with it [D08]', async () => {
      const { code, dpopNonce: nonce } = await refusal({});
      expect(code).toBe('dpop_nonce_required');
      expect(await outcome({ claims: { nonce } }, { dpop })).toBe('ok');
    });

    it('passes with the nonce of another process of the same key, and of no other key [D08]', async () => {
      const { dpopNonce: nonce } = await refusal({ dpop: { ...dpop } });
      expect(await outcome({ claims: { nonce } }, { dpop: { nonceKey: NONCE_KEY } })).toBe('ok');
      const { dpopNonce: foreign } = await refusal({ dpop: { nonceKey: 'another key of some length' } });
      expect(await outcome({ claims: { nonce: foreign } }, { dpop })).toBe('dpop_nonce_required');
    });

    it('does not pass with the nonce of another client [D08]', async () => {
      const { dpopNonce: nonce } = await refusal({});
      const other = await createDpopClient();
      const bound = await world.token({ cnf: { jkt: other.thumbprint } });
      const proof = await other.prove({ token: bound, url: URL, claims: { nonce } });
      expect(await world.outcome(bound, call(proof, { dpop }))).toBe('dpop_nonce_required');
    });

    it('does not pass with an old, a future or an invented nonce [D08]', async () => {
      const now = Date.now();
      const at = async (ms: number) => (await refusal({ now: now + ms }, { iat: (now + ms) / 1000 })).dpopNonce;
      const judge = async (nonce: unknown) => outcome({ claims: { nonce, iat: now / 1000 } }, { dpop, now });
      expect(await judge(await at(-4 * 60_000))).toBe('ok');
      expect(await judge(await at(-7 * 60_000))).toBe('dpop_nonce_required');
      expect(await judge(await at(3 * 60_000))).toBe('dpop_nonce_required');
      for (const nonce of [
        '',
        'x',
        'x-y',
        7,
        null,
        `${Math.floor(now / 60_000).toString(36)}-AAAAAAAAAAAAAAAAAAAAAA`,
      ]) {
        expect(await judge(nonce)).toBe('dpop_nonce_required');
      }
    });
  });
});
