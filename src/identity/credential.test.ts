import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type IdentifyWorld, spiffe, startIdentifyWorld, THUMBPRINT } from '../../test/fakes/identify-world.ts';
import type { CredentialType, Hop } from '../matrix/hop.ts';
import { tokenId } from './token-id.ts';

let world: IdentifyWorld;
beforeAll(async () => {
  world = await startIdentifyWorld();
});
afterAll(() => world.stop());

const rowOf = (type: CredentialType, over: Partial<Hop> = {}) => world.row(over, { type });

describe('the credential of a row', () => {
  it.each<CredentialType>(['access-token', 'exchanged-token', 'message-claim', 'federated-token'])(
    'of type %s is in the authorization header and nowhere else [E06, J19]',
    async (type) => {
      const token = await world.token();
      const row = rowOf(type);
      expect(await world.outcome(token, { row })).toBe('ok');
      expect(await world.outcome(undefined, { row, headers: { 'txn-token': token } })).toBe('token_missing');
      expect(await world.outcome(token, { row, headers: { 'txn-token': token } })).toBe('credential_ambiguous');
      expect(await world.outcome(token, { row, query: { access_token: ['x'] } })).toBe('credential_ambiguous');
      for (const rawQuery of ['a=1;access_token=x', 'access_token;a=1', ';access%5Ftoken=x&b', 'a;access_token=x=y']) {
        expect([rawQuery, await world.outcome(token, { row, rawQuery })]).toEqual([rawQuery, 'credential_ambiguous']);
      }
      expect(await world.outcome(token, { row, rawQuery: 'q=my_access_token;the_access_token=x' })).toBe('ok');
      expect(await world.outcome(undefined, { row, headers: { cookie: `token=${token}` } })).toBe('token_missing');
    },
  );

  it('of type transaction-token is in the txn-token header and nowhere else [J19]', async () => {
    const token = await world.token({}, { typ: 'txntoken+jwt' });
    const row = rowOf('transaction-token');
    const ask = (value: string, bearer?: string) => world.outcome(bearer, { row, headers: { 'txn-token': value } });
    expect(await ask(token)).toBe('ok');
    expect(await world.outcome(token, { row })).toBe('token_missing');
    expect(await ask(token, token)).toBe('credential_ambiguous');
    expect(await ask(`${token},${token}`)).toBe('credential_ambiguous');
    expect(await ask(`Bearer ${token}`)).toBe('credential_location');
    expect(await ask('')).toBe('token_missing');
  });

  it('is a transaction token only where the row says so, and nothing else there [J18]', async () => {
    const transaction = await world.token({}, { typ: 'txntoken+jwt' });
    expect(await world.outcome(transaction)).toBe('token_type_mismatch');
    const row = rowOf('transaction-token');
    const headers = { 'txn-token': await world.token() };
    expect(await world.outcome(undefined, { row, headers })).toBe('token_type_mismatch');
  });

  it('of type mtls-only is the connection: the peer is the subject, and a token is refused [J19]', async () => {
    const row = rowOf('mtls-only', { delegation: { mode: 'forbidden' } as Hop['delegation'] });
    const now = Date.now();
    const who = await world.identify(undefined, { row, now });
    const issuer = 'spiffe://prod.acme.example';
    expect(who).toMatchObject({
      subject: { id: spiffe('procurement'), issuer, claims: {} },
      actor: undefined,
      chain: [],
      once: [],
      token: { issuer, type: 'mtls', audience: [], scopes: [], expiresAt: now / 1000, issuedAt: now / 1000 },
    });
    expect(who.token.id).toBe(tokenId(issuer, { certificate: THUMBPRINT }));
    const without = await world.identify(undefined, { row, thumbprint: null });
    expect(without.token.id).toBe(tokenId(issuer, { workload: spiffe('procurement') }));
    expect(await world.outcome(await world.token(), { row })).toBe('credential_location');
    expect(await world.outcome('', { row, scheme: 'Basic' })).toBe('credential_location');
    expect(await world.outcome(undefined, { row, headers: { 'txn-token': 'x' } })).toBe('credential_location');
    expect(await world.outcome(undefined, { row, query: { access_token: ['x'] } })).toBe('credential_location');
    expect(await world.outcome(undefined, { row, peer: 'support' })).toBe('agent_not_permitted');
  });

  it.each<[string, Record<string, unknown>]>([
    ['an ID token', { at_hash: 'x' }],
    ['the ID token of a hybrid flow', { c_hash: 'x' }],
    ['a logout token', { events: {} }],
    ['an SD-JWT', { _sd: [], _sd_alg: 'sha-256' }],
    ['a DPoP proof', { htm: 'GET', htu: 'https://erp.acme.example', jti: 'x' }],
    ['an ID token of Keycloak', { typ: 'ID' }],
    ['a refresh token of Keycloak', { typ: 'Refresh' }],
    ['an offline token of Keycloak', { typ: 'Offline' }],
  ])('is never %s, also where its issuer writes typ JWT on everything [J18]', async (_, over) => {
    expect(await world.outcome(await world.token(over, { typ: 'JWT' }))).toBe('token_type_mismatch');
    expect(await world.outcome(await world.token({ typ: 'Bearer' }, { typ: 'JWT' }))).toBe('ok');
  });
});
