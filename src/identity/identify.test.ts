import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAuthority, issueSvid } from '../../test/fakes/ca.ts';
import { type Issuer, startIssuer } from '../../test/fakes/issuer.ts';
import type { Agent, Authority, Hop, Matrix } from '../matrix/hop.ts';
import { REFUSALS, Refusal, type RefusalCode } from '../refusals.ts';
import type { CheckInput } from '../request/check-input.ts';
import { createDpopRules } from './dpop-rules.ts';
import { identify } from './identify.ts';
import { createIssuers, type IssuerConfig, type Issuers } from './issuers.ts';
import { identifyPeer } from './peer.ts';
import { type Presented, verifyToken } from './verify-token.ts';

const ERP = 'https://erp.acme.example';
const ISSUER = 'https://idp.acme.example';
const agent = (name: string, clientIds = {}): Agent => ({
  name,
  spiffeId: `spiffe://prod.acme.example/ns/agents/sa/${name}`,
  clientIds,
});
const procurement = agent('procurement', { workforce: 'procurement-client' });
const support = agent('support');
const authority: Authority = { name: 'workforce', kind: 'oidc', issuer: ISSUER, owner: 'o', grants: true };
const NO_BUNDLES = { xfcc: undefined, bundles: new Map(), jwtBundles: new Map() };
const matrix = {
  trustDomains: new Set(['prod.acme.example']),
  agents: [procurement, support],
  hops: new Map(),
} as unknown as Matrix;
const ca = createAuthority();
const certificateOf = (of: Agent) => encodeURIComponent(issueSvid(ca, { uris: [of.spiffeId] }).certificate);
const certificates = { procurement: certificateOf(procurement), support: certificateOf(support) };

/** A JWS is verified whoever brought it on which row. */
const presented = { hop: {}, peer: {} } as unknown as Presented;

let idp: Issuer;
let foreign: Issuer;
let issuers: Issuers;

function configOf({ issuer, jwksUri }: Issuer): IssuerConfig {
  return { issuer, jwks: { uri: jwksUri }, algorithms: ['ES256'], tokenTypes: ['at+jwt'], clockSkew: 30 };
}

/** `act` with that many actors, the procurement agent outermost. */
function actorChain(length: number): object {
  let act: object | undefined;
  for (let n = length - 1; n > 0; n--) act = { sub: `former-${n}`, ...(act && { act }) };
  return { sub: procurement.spiffeId, ...(act && { act }) };
}

beforeAll(async () => {
  [idp, foreign] = await Promise.all([startIssuer(ISSUER), startIssuer('https://other.example')]);
  issuers = createIssuers([configOf(idp), configOf(foreign)], { log: pino({ level: 'silent' }) });
});
afterAll(async () => {
  issuers.close();
  await Promise.all([idp.stop(), foreign.stop()]);
});

const hop = (mode: 'required' | 'optional' | 'forbidden' = 'required'): Hop =>
  ({
    id: 'erp.read',
    agents: [procurement],
    credential: {
      type: 'access-token',
      authority,
      issuer: ISSUER,
      audience: ERP,
      scopes: ['invoices:read'],
      maxLifetime: 3600,
    },
    sender: 'peer',
    peer: { from: 'connection' },
    delegation: { mode, grant: 'token', action: 'read', context: {} },
  }) as unknown as Hop;

const claims = (over: object = {}) => ({
  sub: 'alice',
  aud: ERP,
  scope: 'invoices:read other',
  act: { sub: procurement.spiffeId },
  ...over,
});

interface Call {
  readonly authorization?: string;
  readonly certificate?: string;
  readonly row?: Hop;
  readonly now?: number;
  readonly issuers?: Issuers;
  readonly query?: Record<string, readonly string[]>;
}

async function outcome(token: string, call: Call = {}): Promise<string> {
  const input = {
    headers: { authorization: call.authorization ?? `Bearer ${token}` },
    query: call.query ?? {},
    rawQuery: '',
    peer: { principal: '', certificate: call.certificate ?? certificates.procurement },
  } as unknown as CheckInput;
  try {
    const now = call.now ?? Date.now();
    const peer = await identifyPeer(
      input,
      call.row ?? hop(),
      { ...NO_BUNDLES, trustDomains: matrix.trustDomains },
      now,
    );
    const who = await identify(input, call.row ?? hop(), {
      peer,
      matrix,
      issuers: call.issuers ?? issuers,
      dpop: createDpopRules({}),
      now,
    });
    return `${who.subject.id} by ${who.actor?.agent ?? 'itself'} after ${who.chain.length}`;
  } catch (error) {
    return error instanceof Refusal ? error.code : `threw ${String(error)}`;
  }
}

const seconds = () => Math.floor(Date.now() / 1000);
const swap = (token: string, at: 0 | 1 | 2, part: string) => token.split('.').with(at, part).join('.');
const json = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

/** Members whose names are array indexes: the costliest for a table of names. */
const manyMembers = (count: number) => Array.from({ length: count }, (_, n) => `"${n}":0`).join();

describe('identify', () => {
  it('knows whom the call is for and who makes it', async () => {
    expect(await outcome(await idp.mint(claims()))).toBe('alice by procurement after 0');
  });

  it('knows the agent by the client id that its own authority has for it', async () => {
    expect(await outcome(await idp.mint(claims({ act: { sub: 'procurement-client' } })))).toBe(
      'alice by procurement after 0',
    );
    const foreignName = { sub: 'procurement-client', iss: 'https://other.example' };
    expect(await outcome(await idp.mint(claims({ act: foreignName })))).toBe('actor_tenant_mismatch');
  });

  it.each<[string, object, string]>([
    ['exp past [J14]', { exp: seconds() - 60, iat: seconds() - 600 }, 'token_expired'],
    ['exp as text [J14]', { exp: String(seconds() + 60) }, 'claim_type'],
    ['exp negative [J14]', { exp: -1 }, 'claim_type'],
    ['exp in 10^20 [J14, Y09]', { exp: 1e20 }, 'claim_type'],
    ['no exp [J14]', { exp: undefined }, 'claim_type'],
    ['exp null [J14]', { exp: null }, 'claim_type'],
    ['iat as text [J14]', { iat: 'now' }, 'claim_type'],
    ['nbf as text [J14]', { nbf: 'now' }, 'claim_type'],
    ['nbf after exp [J14]', { nbf: seconds() + 700, exp: seconds() + 600 }, 'token_not_yet_valid'],
    ['no iat [J14]', { iat: undefined }, 'claim_type'],
    ['no sub', { sub: undefined }, 'claim_type'],
    ['an empty sub', { sub: '' }, 'claim_type'],
    ['nbf in the future [J14]', { nbf: seconds() + 300 }, 'token_not_yet_valid'],
    ['iat in the future [J14]', { iat: seconds() + 300 }, 'token_not_yet_valid'],
    ['a life of two hours [J14]', { exp: seconds() + 7200 }, 'token_lifetime_too_long'],
    ['another audience [J16]', { aud: 'https://crm.acme.example' }, 'aud_mismatch'],
    ['an audience that begins alike [J16]', { aud: `${ERP}/v1` }, 'aud_mismatch'],
    ['an audience in capitals [J16]', { aud: ERP.toUpperCase() }, 'aud_mismatch'],
    ['an empty audience [J16]', { aud: [] }, 'claim_type'],
    ['no audience [J16]', { aud: undefined }, 'claim_type'],
    ['an audience that is a number [J16]', { aud: 7 }, 'claim_type'],
    ['another scope', { scope: 'invoices:write' }, 'scope_missing'],
    ['a scope that begins alike', { scope: 'invoices:readall' }, 'scope_missing'],
    ['no scope', { scope: undefined }, 'scope_missing'],
    ['scopes in an array', { scope: ['invoices:read'] }, 'claim_type'],
    ['an issuer with a slash [J17]', { iss: `${ISSUER}/` }, 'issuer_unknown'],
    ['an issuer in capitals [J17]', { iss: ISSUER.toUpperCase() }, 'issuer_unknown'],
    ['a bound token [S15, D03]', { cnf: { jkt: 'x' } }, 'cnf_unsupported'],
    ['act as text [A05]', { act: 'procurement' }, 'actor_chain_invalid'],
    ['act as a list [A05]', { act: [] }, 'actor_chain_invalid'],
    ['act null [A05]', { act: null }, 'actor_chain_invalid'],
    ['act without sub [A05]', { act: {} }, 'actor_chain_invalid'],
    ['the subject as its own actor [A05]', { sub: procurement.spiffeId }, 'actor_chain_invalid'],
    ['an actor before that is text [A05]', { act: { sub: procurement.spiffeId, act: 'x' } }, 'actor_chain_invalid'],
    [
      'a loop [A05]',
      { act: { sub: procurement.spiffeId, act: { sub: 'x', act: { sub: procurement.spiffeId } } } },
      'actor_chain_invalid',
    ],
    ['an unknown actor', { act: { sub: 'spiffe://prod.acme.example/x' } }, 'actor_unknown'],
    ['another agent as actor [A04]', { act: { sub: support.spiffeId } }, 'actor_peer_mismatch'],
    [
      'the peer only as a former actor [A02]',
      { act: { sub: support.spiffeId, act: { sub: procurement.spiffeId } } },
      'actor_peer_mismatch',
    ],
  ])('refuses %s', async (_, over, code) => {
    expect(await outcome(await idp.mint(claims(over)))).toBe(code);
  });

  it('accepts eight actors and refuses nine [A05]', async () => {
    expect(await outcome(await idp.mint(claims({ act: actorChain(8) })))).toBe('alice by procurement after 7');
    expect(await outcome(await idp.mint(claims({ act: actorChain(9) })))).toBe('actor_chain_invalid');
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['alg none [J01]', { alg: 'none' }, 'alg_not_allowed'],
    ['an ID token [J18]', { typ: 'JWT' }, 'token_type_mismatch'],
    ['a logout token [J18]', { typ: 'logout+jwt' }, 'token_type_mismatch'],
    ['no typ [J18]', { typ: undefined }, 'token_type_mismatch'],
    ['jwk [J03]', { jwk: {} }, 'header_param_forbidden'],
    ['jku [J03]', { jku: 'https://evil.example' }, 'header_param_forbidden'],
    ['x5u [J03]', { x5u: 'https://evil.example' }, 'header_param_forbidden'],
    ['x5c [J03]', { x5c: [] }, 'header_param_forbidden'],
    ['a kid that is not published [J04]', { kid: '../../etc/passwd' }, 'key_unknown'],
    ['a kid of 10 kB [J04]', { kid: 'k'.repeat(10_000) }, 'kid_invalid'],
    ['an empty kid [J04]', { kid: '' }, 'kid_invalid'],
  ])('refuses a header with %s', async (_, header: Record<string, unknown>, code) => {
    expect(await outcome(await idp.mint(claims(), header))).toBe(code);
  });

  it('refuses the algorithms that the issuer does not use [J02]', async () => {
    const token = await idp.mint(claims());
    for (const alg of ['HS256', 'RS256', 'PS512', 'ES384', 'Ed25519', 'es256', 'ES256 ', 'nOnE']) {
      expect(await outcome(swap(token, 0, json({ alg, typ: 'at+jwt' })))).toBe('alg_not_allowed');
    }
  });

  it('refuses tokens that are not compact JWS, canonical and whole [J06, J07, J08, J09, J10]', async () => {
    const token = await idp.mint(claims());
    const [head = '', body = '', signature = ''] = token.split('.');
    const table: [string, string][] = [
      ['garbage', 'token_format'],
      ['a.b.c', 'token_format'],
      ['....', 'token_format'],
      // A JWE, a JWS in JSON, and what would inflate to gigabytes.
      [`${head}.${body}.${signature}.${body}.${signature}`, 'token_format'],
      [JSON.stringify({ payload: body, protected: head, signature }), 'credential_ambiguous'],
      [
        swap(token, 0, json({ alg: 'PBES2-HS256+A128KW', enc: 'A128GCM', p2c: 2 ** 31, typ: 'at+jwt' })),
        'alg_not_allowed',
      ],
      [swap(token, 1, json(`{"iss":"${ISSUER}",${manyMembers(300)}}`)), 'token_too_large'],
      [swap(token, 1, json(`{"iss":[${'0,'.repeat(3000)}0]}`)), 'token_too_large'],
      [swap(token, 0, json({ alg: ['none'], typ: 'at+jwt' })), 'alg_not_allowed'],
      [swap(token, 0, json({ typ: 'at+jwt' })), 'alg_not_allowed'],
      [`${token}.x.y`, 'token_format'],
      [`${head}.${body}.`, 'token_format'],
      [`${head}.${body}.${signature}=`, 'token_format'],
      [swap(token, 2, `${signature.slice(0, -1)}~`), 'token_format'],
      [swap(token, 1, json('[]')), 'token_format'],
      [swap(token, 1, json('null')), 'token_format'],
      [swap(token, 1, json('{"iss":"a","iss":"b"}')), 'token_ambiguous'],
      [swap(token, 0, json('{"alg":"ES256","alg":"none"}')), 'token_ambiguous'],
      [swap(token, 1, json(`{"iss":${'['.repeat(40)}${']'.repeat(40)}}`)), 'token_too_large'],
      [`${token}${'A'.repeat(17_000)}`, 'token_too_large'],
      [swap(token, 0, json({ alg: 'ES256', typ: 'at+jwt', crit: ['b64'], b64: false })), 'crit_unsupported'],
      [swap(token, 0, json({ alg: 'ES256', typ: 'at+jwt', crit: [] })), 'crit_unsupported'],
      [
        swap(token, 1, json({ ...claims(), iss: ISSUER, sub: 'mallory', exp: seconds() + 60, iat: seconds() })),
        'token_signature_invalid',
      ],
      [swap(token, 1, json({ sub: 'x' })), 'claim_type'],
    ];
    for (const [bad, code] of table) expect([bad.slice(0, 40), await outcome(bad)]).toEqual([bad.slice(0, 40), code]);
  });

  it('refuses more members than a token has, whatever their names hash to [J08, J12]', async () => {
    const token = await idp.mint(claims());
    for (const count of [257, 1000]) {
      const body = json(`{"iss":"${ISSUER}",${manyMembers(count)}}`);
      expect(await outcome(swap(token, 1, body))).toBe('token_too_large');
    }
  });

  it('hands on claims named like parts of every object as plain claims, and changes no object by them [J11]', async () => {
    const before = JSON.stringify(Object.getOwnPropertyNames(Object.prototype));
    const text = `{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},"sub":"alice"}`;
    const over = JSON.parse(text) as object;
    const token = await idp.mint({ ...claims(), ...Object.fromEntries(Object.entries(over)), toString: 'x' });
    const [head = '', , signature = ''] = token.split('.');
    expect(await outcome(`${head}.${json(text)}.${signature}`)).toBe('claim_type');
    const { subject } = await verifyToken(token, issuers, presented);
    expect('hasOwnProperty' in subject.claims).toBe(false);
    expect(Object.keys(subject.claims)).toEqual(expect.arrayContaining(['constructor', 'toString']));
    expect(JSON.stringify(Object.getOwnPropertyNames(Object.prototype))).toBe(before);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('does not take who acts or who issued from a claim named __proto__ [J11]', async () => {
    const token = await idp.mint(claims());
    const act = '{"__proto__":{"sub":"spiffe://prod.acme.example/ns/agents/sa/procurement"}}';
    const proto = `{"__proto__":{"iss":"${ISSUER}","sub":"alice"}}`;
    expect(await outcome(swap(token, 1, json(proto)))).toBe('claim_type');
    expect(await outcome(await idp.mint(claims({ act: JSON.parse(act) as object })))).toBe('actor_chain_invalid');
  });

  it('refuses the tokens of an issuer as soon as the configuration no longer has it [J24]', async () => {
    const token = await idp.mint(claims());
    expect(await outcome(token)).toMatch('alice');
    const without = createIssuers([configOf(foreign)], { log: pino({ level: 'silent' }), previous: issuers });
    expect(await outcome(token, { issuers: without })).toBe('issuer_unknown');
    without.close();
  });

  it('says the same of every bad token to whoever sent it [J25]', async () => {
    const token = await idp.mint(claims());
    const bad = [
      await idp.mint(claims({ exp: 1, iat: 0 })),
      await idp.mint(claims(), { kid: 'unknown' }),
      await idp.mint(claims({ aud: 'https://other.example' })),
      swap(token, 2, 'AAAA'),
      swap(token, 1, json({ iss: 'https://nobody.example' })),
      'a.b.c',
    ];
    const codes = await Promise.all(bad.map((one) => outcome(one)));
    expect(new Set(codes).size).toBe(bad.length);
    const rows = codes.map((code) => REFUSALS[code as RefusalCode]);
    expect(new Set(rows.map(({ httpStatus, isPublic }) => `${httpStatus} ${isPublic}`))).toEqual(
      new Set(['401 false']),
    );
  });

  it('refuses a non-canonical spelling of a good token [J13]', async () => {
    const token = await idp.mint(claims());
    const last = token.at(-1) ?? '';
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const twin = alphabet[alphabet.indexOf(last) ^ 1] ?? '';
    expect(await outcome(token.slice(0, -1) + twin)).toBe('token_format');
  });

  it('never tries the keys of one issuer on the tokens of another [J05]', async () => {
    expect(await outcome(await foreign.mint(claims()))).toBe('issuer_unknown');
    expect(await outcome(await foreign.mint(claims({ iss: ISSUER })))).toBe('key_unknown');
    const [kid] = idp.jwks().keys.map((key) => key.kid);
    expect(await outcome(await foreign.mint(claims({ iss: ISSUER }), { kid }))).toBe('token_signature_invalid');
  });

  it.each([
    ['', 'token_missing'],
    ['Bearer', 'credential_location'],
    ['Bearer ', 'credential_location'],
    ['Basic YTpi', 'credential_location'],
    ['Bearer a.b.c d', 'credential_location'],
    ['Bearer  a.b.c', 'credential_location'],
    ['DPoP a.b.c d', 'credential_location'],
    ['DPoP a.b.c', 'token_format'],
    ['Bearer a.b.c,Bearer d.e.f', 'credential_ambiguous'],
    ['bearer garbage', 'token_format'],
  ])('reads "%s" as %s [E06, J19]', async (authorization, code) => {
    expect(await outcome('', { authorization })).toBe(code);
  });

  it('refuses a second token in the query [J19]', async () => {
    const token = await idp.mint(claims());
    expect(await outcome(token, { query: { access_token: ['x'] } })).toBe('credential_ambiguous');
  });

  it('refuses a token stolen by another agent, before it asks what that agent may do [A04]', async () => {
    expect(await outcome(await idp.mint(claims()), { certificate: certificates.support })).toBe('actor_peer_mismatch');
  });

  it('refuses an agent that the row does not name', async () => {
    const token = await idp.mint(claims({ act: { sub: support.spiffeId } }));
    expect(await outcome(token, { certificate: certificates.support })).toBe('agent_not_permitted');
  });

  it('lets an agent act for itself only as itself, and leaves the rest to delegation', async () => {
    const own = await idp.mint(claims({ act: undefined, sub: procurement.spiffeId }));
    expect(await outcome(own, { row: hop('optional') })).toMatch('by itself');
    const person = await idp.mint(claims({ act: undefined }));
    expect(await outcome(person, { row: hop('optional') })).toBe('actor_peer_mismatch');
    expect(await outcome(person, { row: hop('forbidden') })).toBe('actor_peer_mismatch');
    expect(await outcome(person, { row: hop('required') })).toMatch('by itself');
  });

  it('takes a client id as sub for the agent only where the token was issued to that client (RFC 9068 §5)', async () => {
    const asAgent = { act: undefined, sub: 'procurement-client' };
    const said = async (over: object) =>
      outcome(await idp.mint(claims({ ...asAgent, ...over })), { row: hop('optional') });
    expect(await said({ client_id: 'procurement-client' })).toMatch('by itself');
    expect(await said({ azp: 'procurement-client' })).toMatch('by itself');
    expect(await said({})).toBe('actor_peer_mismatch');
    expect(await said({ client_id: 'web-shop' })).toBe('actor_peer_mismatch');
    expect(await said({ client_id: 'web-shop', azp: 'procurement-client' })).toBe('actor_peer_mismatch');
    expect(await said({ client_id: ['procurement-client'] })).toBe('actor_peer_mismatch');
    const person = await idp.mint(claims({ act: undefined, client_id: 'procurement-client' }));
    expect(await outcome(person, { row: hop('optional') })).toBe('actor_peer_mismatch');
  });

  it.each<[string, object, string]>([
    ['text in scp, as Entra ID has it', { scp: 'invoices:read other' }, 'alice by procurement after 0'],
    ['a list in scp, as Okta has it', { scp: ['other', 'invoices:read'] }, 'alice by procurement after 0'],
    ['scp without the scope', { scp: ['invoices:write'] }, 'scope_missing'],
    ['no scp', {}, 'scope_missing'],
    ['the scope in scope alone', { scp: 'other', scope: 'invoices:read' }, 'scope_missing'],
    ['a number in scp', { scp: 7 }, 'claim_type'],
    ['a list with a number', { scp: ['invoices:read', 7] }, 'claim_type'],
    ['a list with a list', { scp: [['invoices:read']] }, 'claim_type'],
    ['a list with two scopes in one', { scp: ['invoices:read other'] }, 'claim_type'],
    ['a list with an empty scope', { scp: ['invoices:read', ''] }, 'claim_type'],
  ])('reads %s where the issuer uses scp', async (_, over, result) => {
    const scp = createIssuers([{ ...configOf(idp), scopeClaim: 'scp' }], { log: pino({ level: 'silent' }) });
    const token = await idp.mint(claims({ scope: undefined, ...over }));
    expect(await outcome(token, { issuers: scp })).toBe(result);
    scp.close();
  });

  it('does not look at scp where the issuer uses scope, and hands policy neither', async () => {
    const token = await idp.mint(claims({ scope: 'other', scp: ['invoices:read'] }));
    expect(await outcome(token)).toBe('scope_missing');
    expect((await verifyToken(token, issuers, presented)).subject.claims).toEqual({});
  });

  it('asks the time on every Check, also of a remembered token [J15, J27]', async () => {
    const token = await idp.mint(claims());
    const exp = seconds() + 600;
    expect(await outcome(token)).toMatch('alice');
    expect(await outcome(token, { now: (exp + 28) * 1000 })).toMatch('alice');
    expect(await outcome(token, { now: (exp + 31) * 1000 })).toBe('token_expired');
    expect(await outcome(token, { now: Date.now() - 120_000 })).toBe('token_not_yet_valid');
  });

  it('forgets a verdict when the key that it rests on is gone [J23, J27]', async () => {
    const token = await idp.mint(claims());
    expect(await outcome(token)).toMatch('alice');
    await idp.rotate({ drop: true });
    const keys = issuers.get(ISSUER)?.keys;
    keys?.close();
    const before = keys?.epoch;
    const late = createIssuers([issuers.get(ISSUER)?.config as IssuerConfig], { log: pino({ level: 'silent' }) });
    const input = {
      headers: { authorization: `Bearer ${token}` },
      query: {},
      rawQuery: '',
      peer: { principal: '', certificate: certificates.procurement },
    };
    const peer = { id: procurement.spiffeId, trustDomain: 'prod.acme.example', thumbprint: undefined };
    await expect(
      identify(input as unknown as CheckInput, hop(), {
        peer,
        matrix,
        issuers: late,
        dpop: createDpopRules({}),
        now: Date.now(),
      }),
    ).rejects.toThrow('key_unknown');
    expect(late.get(ISSUER)?.keys.epoch).not.toBe(before);
    late.close();
  });
});
