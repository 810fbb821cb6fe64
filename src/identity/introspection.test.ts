import type { ServerResponse } from 'node:http';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDpopClient } from '../../test/fakes/dpop-client.ts';
import {
  AUDIENCE,
  type Call,
  type IdentifyWorld,
  ISSUER,
  PATH,
  spiffe,
  startIdentifyWorld,
  THUMBPRINT,
} from '../../test/fakes/identify-world.ts';
import { type IntrospectionEndpoint, type Say, startIntrospection } from '../../test/fakes/introspection.ts';
import { requestIntrospection } from './introspection-request.ts';
import { createIssuers, type IssuerConfig, type Issuers } from './issuers.ts';

const log = pino({ level: 'silent' });
const TOKEN = '2YotnFZFEjr1zCsicMWpAA';

let world: IdentifyWorld;
let endpoint: IntrospectionEndpoint;
let issuers: Issuers;
let clock = 0;

beforeEach(async () => {
  [world, endpoint] = await Promise.all([startIdentifyWorld(), startIntrospection()]);
  clock = 1000;
  issuers = createIssuers([asked()], { log, now: () => clock, request: patient });
});
afterEach(async () => {
  issuers.close();
  await Promise.all([world.stop(), endpoint.stop()]);
});

/** A busy machine may need longer than a Check may. */
const patient: typeof requestIntrospection = (config, token) => requestIntrospection(config, token, 10_000);

const seconds = () => Math.floor(Date.now() / 1000);

function asked(): IssuerConfig {
  const introspection = { uri: endpoint.uri, clientId: 'behalf & co', clientSecret: 's:cret/+é' };
  return { ...world.config, introspection };
}

const active = (over: object = {}) => ({
  active: true,
  sub: 'alice',
  aud: AUDIENCE,
  scope: 'invoices:read',
  iat: seconds(),
  exp: seconds() + 600,
  act: { sub: spiffe('procurement') },
  ...over,
});
const outcome = (token = TOKEN, over: Call = {}) => world.outcome(token, { issuers, ...over });

describe('an opaque token', () => {
  it('means what its issuer says, who is asked as RFC 7662 and RFC 6749 have it', async () => {
    endpoint.answer(() => active({ iss: ISSUER, token_type: 'Bearer', department: 'buying' }));
    const { subject, token, actor } = await world.identify(TOKEN, { issuers });
    expect(subject).toEqual({ id: 'alice', issuer: ISSUER, claims: { department: 'buying' } });
    expect(token).toMatchObject({ issuer: ISSUER, type: 'introspected', audience: [AUDIENCE], keyId: undefined });
    expect(actor?.agent).toBe('procurement');
    const [question] = endpoint.questions;
    expect(question?.form.get('token')).toBe(TOKEN);
    expect(Buffer.from((question?.authorization ?? '').slice('Basic '.length), 'base64').toString()).toBe(
      'behalf+%26+co:s%3Acret%2F%2B%C3%A9',
    );
  });

  it('is refused where no issuer, or more than one, could be asked [J07]', async () => {
    expect(await world.outcome(TOKEN)).toBe('token_format');
    const two = createIssuers([asked(), { ...asked(), issuer: 'https://other.example' }], { log });
    expect(await outcome(TOKEN, { issuers: two })).toBe('token_format');
    expect(endpoint.questions).toEqual([]);
    two.close();
  });

  it('is never a JWS: that one is verified, and its issuer not asked', async () => {
    expect(await outcome('a.b.c')).toBe('token_format');
    expect(await outcome(await world.token())).toBe('ok');
    expect(endpoint.questions).toEqual([]);
  });

  it.each<[string, object, string]>([
    ['is not active', { active: false }, 'token_inactive'],
    ['has active in text', active({ active: 'true' }), 'introspection_unavailable'],
    ['says nothing', {}, 'introspection_unavailable'],
    ['is a list', [], 'introspection_unavailable'],
    ['is of another issuer', active({ iss: 'https://evil.example' }), 'issuer_unknown'],
    ['has no aud [J16]', active({ aud: undefined }), 'claim_type'],
    ['is for another audience [J16]', active({ aud: 'https://crm.acme.example' }), 'aud_mismatch'],
    ['has no sub', active({ sub: undefined }), 'claim_type'],
    ['has no exp [J14]', active({ exp: undefined }), 'claim_type'],
    ['has exp in text [J14]', active({ exp: String(seconds() + 60) }), 'claim_type'],
    ['is past its exp [J14]', active({ exp: seconds() - 60 }), 'token_expired'],
    ['lives for a day [J14]', active({ exp: seconds() + 86_400 }), 'token_lifetime_too_long'],
    ['lacks the scope', active({ scope: 'other' }), 'scope_missing'],
    ['is a refresh token [J18]', active({ token_type: 'refresh_token' }), 'token_type_mismatch'],
    ['is used as a refresh token [J18]', active({ token_use: 'refresh_token' }), 'token_type_mismatch'],
    ['is a DPoP token without a key [D04]', active({ token_type: 'DPoP' }), 'dpop_binding_missing'],
    [
      'is a DPoP token with a certificate for a key [D04]',
      active({ token_type: 'dpop', cnf: { 'x5t#S256': THUMBPRINT } }),
      'dpop_binding_missing',
    ],
    ['names a loop of actors [A05]', active({ sub: spiffe('procurement') }), 'actor_chain_invalid'],
    ['is bound to another certificate [S15]', active({ cnf: { 'x5t#S256': 'B'.repeat(43) } }), 'cnf_cert_mismatch'],
    ['permits another actor [A08]', active({ may_act: { sub: 'x' } }), 'may_act_mismatch'],
  ])('whose answer %s is refused', async (_, answer, code) => {
    endpoint.answer(() => answer);
    expect(await outcome()).toBe(code);
  });

  it('may be bound to a certificate or a key, like any other [S15, D03]', async () => {
    const client = await createDpopClient();
    endpoint.answer(() => active({ token_type: 'DPoP', cnf: { 'x5t#S256': THUMBPRINT, jkt: client.thumbprint } }));
    const dpop = await client.prove({ token: TOKEN, url: `${AUDIENCE}${PATH}` });
    expect(await outcome(TOKEN, { scheme: 'DPoP', headers: { dpop } })).toBe('ok');
    expect(await outcome()).toBe('dpop_required');
  });

  it.each<[string, Say]>([
    ['with 500', () => (response) => response.writeHead(500).end()],
    ['that we are not known', () => (response) => response.writeHead(401).end()],
    ['with 500, and active', () => (response) => json(response, JSON.stringify(active()), 500)],
    [
      'with a redirect to who says active',
      (token) => (token === '' ? active() : (response) => response.writeHead(302, { location: '/elsewhere' }).end()),
    ],
    ['in HTML', () => (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>')],
    ['with no end', () => (response) => json(response, `{"active":true,"x":"${'x'.repeat(70_000)}"}`)],
    ['with half an answer', () => (response) => json(response, '{"active":true')],
    ['active twice [J10]', () => (response) => json(response, '{"active":false,"active":true}')],
  ])('is a fault where its issuer answers %s', async (_, answer) => {
    endpoint.answer(answer);
    expect(await outcome()).toBe('introspection_unavailable');
    expect(issuers.verified.size).toBe(0);
  });

  it('is a fault where its issuer does not answer in the time that a Check has', async () => {
    endpoint.answer(() => 'hang');
    const hurried = createIssuers([asked()], { log });
    expect(await outcome(TOKEN, { issuers: hurried })).toBe('introspection_unavailable');
    hurried.close();
  });

  it('that is no token is not asked about [J08, J13]', async () => {
    endpoint.answer(() => active());
    expect(await outcome('a"b')).toBe('token_format');
    expect(await outcome('a'.repeat(16 * 1024 + 1))).toBe('token_too_large');
    expect(endpoint.questions).toEqual([]);
  });

  it('is asked about once for everyone who waits, and then remembered for 30 s [J27]', async () => {
    endpoint.answer(() => active());
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => outcome()));
    expect(new Set(outcomes)).toEqual(new Set(['ok']));
    clock += 29_999;
    expect(await outcome()).toBe('ok');
    expect(endpoint.questions.length).toBe(1);
    endpoint.answer(() => ({ active: false }));
    clock += 1;
    expect(await outcome()).toBe('token_inactive');
  });

  it('ends with its exp, though it is remembered [J27]', async () => {
    const exp = seconds() + 10;
    endpoint.answer(() => active({ exp }));
    expect(await outcome()).toBe('ok');
    expect(await outcome(TOKEN, { now: (exp + 31) * 1000 })).toBe('token_expired');
  });

  it('that is not active is not asked about again for a second, and no longer [J20]', async () => {
    expect(await outcome()).toBe('token_inactive');
    endpoint.answer(() => active());
    clock += 999;
    expect(await outcome()).toBe('token_inactive');
    expect(endpoint.questions.length).toBe(1);
    clock += 1;
    expect(await outcome()).toBe('ok');
  });

  it('makes no flood of questions out of a flood of garbage [J20]', async () => {
    let open = 0;
    let most = 0;
    const request = async () => {
      most = Math.max(most, ++open);
      await new Promise((resolve) => setImmediate(resolve));
      open -= 1;
      return '{"active":false}';
    };
    const flooded = createIssuers([asked()], { log, now: () => clock, request });
    const row = world.row({ sender: 'none' });
    const codes = await Promise.all(
      Array.from({ length: 500 }, (_, n) =>
        outcome(`garbage-${n}`, { issuers: flooded, row, peer: `agent-${n % 10}` }),
      ),
    );
    expect(most).toBe(32);
    expect(codes.filter((code) => code === 'token_inactive').length).toBe(32);
    expect(codes.filter((code) => code === 'introspection_unavailable').length).toBe(468);
    expect(await outcome('garbage-499', { issuers: flooded, row })).toBe('token_inactive');
    flooded.close();
  });

  it("one caller's garbage leaves room for another's opaque token [J20]", async () => {
    const open: (() => void)[] = [];
    const request = (_: unknown, token: string) =>
      token === TOKEN
        ? Promise.resolve(JSON.stringify(active()))
        : new Promise<string>((resolve) => open.push(() => resolve('{"active":false}')));
    const flooded = createIssuers([asked()], { log, now: () => clock, request });
    const row = world.row({ sender: 'none' });
    const flood = (peer: string) =>
      Array.from({ length: 40 }, (_, n) => outcome(`${peer}-${n}`, { issuers: flooded, row, peer }));
    const garbage = [...flood('support'), ...flood('other')];
    expect(open.length).toBe(16);
    expect(await outcome(TOKEN, { issuers: flooded })).toBe('ok');
    for (const answer of open) answer();
    const codes = await Promise.all(garbage);
    expect(codes.filter((code) => code === 'token_inactive').length).toBe(16);
    // Whoever was answered may ask again.
    const again = outcome('support-39', { issuers: flooded, row, peer: 'support' });
    expect(open.length).toBe(17);
    open[16]?.();
    expect(await again).toBe('token_inactive');
    flooded.close();
  });

  it('is not asked about for a caller that the row does not name [J20]', async () => {
    endpoint.answer(() => active());
    expect(await outcome(TOKEN, { peer: 'support' })).toBe('agent_not_permitted');
    expect(endpoint.questions).toEqual([]);
    expect(await outcome(TOKEN, { peer: 'support', row: world.row({ sender: 'none' }) })).toBe('ok');
    expect(endpoint.questions.length).toBe(1);
  });

  it('an opaque token is only shown to the authority of its row [J05, J20]', async () => {
    endpoint.answer(() => active());
    const partner = world.row({}, { issuer: 'https://partner.example' });
    expect(await outcome(TOKEN, { row: partner })).toBe('issuer_unknown');
    const transaction = world.row({}, { type: 'transaction-token' });
    expect(await world.outcome(undefined, { row: transaction, headers: { 'txn-token': TOKEN }, issuers })).toBe(
      'token_format',
    );
    expect(endpoint.questions).toEqual([]);
    expect(await outcome()).toBe('ok');
    expect(endpoint.questions.length).toBe(1);
    // Nor is it taken there because it was asked about before.
    expect(await outcome(TOKEN, { row: partner })).toBe('issuer_unknown');
    expect(endpoint.questions.length).toBe(1);
  });
});

function json(response: ServerResponse, body: string, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(body);
}
