import { describe, expect, it } from 'vitest';
import type { CheckResponse } from '../generated/envoy/service/auth/v3/CheckResponse.ts';
import { REFUSALS, Refusal, type RefusalCode } from '../refusals.ts';
import { decodeCheckResponse } from '../wire.ts';
import { type Allowed, allow } from './allow.ts';
import type { Answer } from './answer.ts';
import { deny } from './deny.ts';
import { encode } from './encode.ts';
import { LAST_RESORT } from './last-resort.ts';
import { pass } from './pass.ts';

const facts = (over: object = {}): Allowed =>
  ({
    decisionId: 'd-1',
    input: {
      headers: { 'x-behalf-subject': 'forged', x_behalf_agent: 'forged', 'x-behalf-other': 'f', accept: '*/*' },
    },
    routed: { hop: { id: 'erp.read', delegation: { mode: 'required', action: 'read' } } },
    identity: {
      peer: { id: 'spiffe://td/a' },
      subject: { id: 'alice', issuer: 'i' },
      actor: { id: 'spiffe://td/a', agent: 'a' },
      agents: ['a'],
      token: { expiresAt: 1 },
    },
    grant: { id: 'g-1', task: 't-1', actions: ['read'] },
    outcome: { allow: true, reasons: [], headers: {}, metadata: {} },
    policyRevision: 'r',
    unrevoked: 'unrevoked',
    spending: undefined,
    spent: 'nothing',
    subjectLabel: 's',
    ...over,
  }) as unknown as Allowed;

const denial = (code: RefusalCode, over: object = {}) =>
  decodeCheckResponse(
    encode(deny({ decisionId: 'd-1', refusal: new Refusal(code, 'why'), isGrpc: false, detail: 'class', ...over })),
  ).denied_response;

const XFCC = 'x-forwarded-client-cert';
const removed = (answer: Answer) => decodeCheckResponse(encode(answer)).ok_response?.headers_to_remove ?? [];

const headersOf = (options: readonly { header?: { key?: string; value?: string } }[] = []): Record<string, unknown> =>
  Object.fromEntries(options.map(({ header }) => [header?.key ?? '', header?.value]));

describe('an answer', () => {
  it.each<[string, CheckResponse]>([
    ['no status', { denied_response: { status: { code: 403 } } }],
    ['nothing at all', {}],
    ['status OK', { status: { code: 0 }, denied_response: { status: { code: 403 } } }],
    ['no denied_response', { status: { code: 7 } }],
    ['an ok_response', { status: { code: 7 }, ok_response: {} }],
    ['HTTP 200', { status: { code: 7 }, denied_response: { status: { code: 200 } } }],
    ['a misspelt field', { Status: { code: 7 }, denied_response: { status: { code: 403 } } } as CheckResponse],
  ])('that denies cannot leave with %s [E01]', (_, message) => {
    expect(() => encode({ kind: 'deny', message })).toThrow();
  });

  it.each<[string, CheckResponse]>([
    ['no status', { ok_response: {} }],
    ['a non-zero status', { status: { code: 7 }, ok_response: {} }],
    ['no ok_response', { status: { code: 0 } }],
  ])('that allows cannot leave with %s [E01]', (_, message) => {
    expect(() => encode({ kind: 'allow', message })).toThrow();
  });

  it('of last resort is a denial', () => {
    const { status, denied_response } = decodeCheckResponse(LAST_RESORT);
    expect(status?.code).toBe(14);
    expect(denied_response?.status?.code).toBe(503);
  });

  it.each(Object.keys(REFUSALS) as RefusalCode[])('for %s denies with its status, in both protocols', (code) => {
    const { httpStatus, grpcCode, class: cls } = REFUSALS[code];
    const denied = denial(code, { isGrpc: true, scopes: ['a:b'] });
    expect(denied?.status?.code).toBe(httpStatus);
    const headers = headersOf(denied?.headers);
    expect(headers['grpc-status']).toBe(String(grpcCode));
    expect('www-authenticate' in headers).toBe(cls === 'unauthenticated' || code === 'scope_missing');
    expect(headersOf(denial(code)?.headers)['grpc-status']).toBeUndefined();
  });

  it.each((Object.keys(REFUSALS) as RefusalCode[]).filter((code) => REFUSALS[code].class === 'unauthenticated'))(
    'for %s says invalid_token only where the fault may be the token',
    (code) => {
      const isAboutPeer = ['peer_', 'spiffe_', 'xfcc_', 'jwt_svid_', 'trust_domain_', 'caller_'].some((prefix) =>
        code.startsWith(prefix),
      );
      const isAboutProof = /^dpop_(?!required|binding_missing|key_mismatch)/.test(code);
      const isThere = code !== 'token_missing' && code !== 'credential_location';
      expect(String(headersOf(denial(code)?.headers)['www-authenticate']).includes('error="invalid_token"')).toBe(
        isThere && !isAboutPeer && !isAboutProof,
      );
    },
  );

  it('tells the client the class only, unless the code is public or detail is full [E25]', () => {
    expect(JSON.parse(denial('token_expired')?.body ?? '')).toEqual({ decision_id: 'd-1', class: 'unauthenticated' });
    expect(JSON.parse(denial('approval_required')?.body ?? '')).toMatchObject({ reason: 'approval_required' });
    expect(JSON.parse(denial('token_expired', { detail: 'full' })?.body ?? '')).toMatchObject({ detail: 'why' });
  });
});

describe('the challenge of an mcp row', () => {
  const url = 'https://mcp.acme.example/.well-known/oauth-protected-resource/mcp';
  const challenge = (code: RefusalCode, over: object = {}) =>
    headersOf(denial(code, { resourceMetadata: url, scopes: ['tools:read', 'tools:pay'], ...over })?.headers)[
      'www-authenticate'
    ];

  it('says where to find out how to get a token, and which scopes to ask for (RFC 9728 §5.1)', () => {
    expect(challenge('token_missing')).toBe(`Bearer resource_metadata="${url}", scope="tools:read tools:pay"`);
    expect(challenge('token_expired')).toBe(
      `Bearer error="invalid_token", resource_metadata="${url}", scope="tools:read tools:pay"`,
    );
  });

  it('asks for more scopes with 403 insufficient_scope (MCP authorization, step-up)', () => {
    expect(challenge('scope_missing')).toBe(
      `Bearer error="insufficient_scope", scope="tools:read tools:pay", resource_metadata="${url}"`,
    );
    expect(denial('scope_missing', { resourceMetadata: url })?.status?.code).toBe(403);
  });

  it('is not there where a token would not help', () => {
    expect(challenge('grant_missing')).toBeUndefined();
    expect(challenge('hop_mismatch')).toBeUndefined();
  });

  it('leaves out what would make the header too long, and never the challenge itself', () => {
    const scopes = Array.from({ length: 32 }, (_, at) => `${at}${'s'.repeat(58)}`);
    expect(challenge('scope_missing', { scopes })).toBe(
      `Bearer error="insufficient_scope", scope="${scopes.join(' ')}"`,
    );
    expect(challenge('token_missing', { scopes })).toBe(
      `Bearer resource_metadata="${url}", scope="${scopes.join(' ')}"`,
    );
    const long = `${url}/${'p'.repeat(3000)}`;
    expect(challenge('token_missing', { resourceMetadata: long, scopes: [] })).toBe('Bearer');
  });
});

describe('allow', () => {
  it('overwrites what is ours and removes every other spelling of it [E08] [E09] [E24]', () => {
    const ok = decodeCheckResponse(encode(allow(facts()))).ok_response;
    expect(headersOf(ok?.headers)).toEqual({
      'x-behalf-decision': 'd-1',
      'x-behalf-subject': 'alice',
      'x-behalf-agent': 'spiffe://td/a',
      'x-behalf-grant': 'g-1',
      'x-behalf-task': 't-1',
    });
    expect(ok?.headers?.every(({ append_action }) => append_action === 2)).toBe(true);
    expect(ok?.headers_to_remove).toEqual(['x_behalf_agent', 'x-behalf-other']);
  });

  it.each(['x-spiffe-jwt-svid', 'x_spiffe_jwt_svid', 'x-spiffe_jwt-svid'])(
    'keeps %s from the upstream, which could pass for the caller with it [S16]',
    (name) => {
      const input = { headers: { [name]: 'a.b.c', 'x-spiffe-jwt-svids': 'kept' } } as unknown as Allowed['input'];
      expect(removed(allow(facts({ input })))).toEqual([name]);
      // Not even policy can put it back.
      const outcome = { ...facts().outcome, headers: { [name]: 'a.b.c' } };
      expect(removed(allow(facts({ input, outcome })))).toEqual([name]);
      expect(removed(pass('d-1', new Refusal('jwt_svid_invalid', 'why'), { input }))).toEqual([name]);
    },
  );

  it.each<[string, readonly string[]]>([
    ['By=spiffe://td/a;URI=spiffe://td/victim', [XFCC]],
    ['by="spiffe://td/a";URI=spiffe://td/victim', [XFCC]],
    ['By=spiffe://td/envoy;URI=spiffe://td/a,Subject="a,b";By=spiffe://td/a', [XFCC]],
    ['By=spiffe://td/envoy;Subject="";URI=spiffe://td/a', []],
    ['By=spiffe://td/a2;URI=spiffe://td/a', []],
  ])('of x-forwarded-client-cert %s lets through what the caller did not write itself [S01]', (value, expected) => {
    const input = { headers: { [XFCC]: value } } as unknown as Allowed['input'];
    expect(removed(allow(facts({ input })))).toEqual(expected);
    const peer = facts().identity.peer;
    const observed = { input, peer };
    expect(removed(pass('d-1', new Refusal('actor_missing', 'why'), observed))).toEqual(expected);
  });

  it('removes every other spelling of x-forwarded-client-cert, which Envoy does not clean [S01] [E08]', () => {
    const headers = { 'x-forwarded_client_cert': `URI=spiffe://td/victim` };
    expect(removed(allow(facts({ input: { headers } })))).toEqual(Object.keys(headers));
  });

  it.each(['a\r\nx-behalf-agent: b', 'a\u0000', ' a', 'a ', 'a\u2028', 'é', '', 'x'.repeat(3000)])(
    'refuses the subject %j as a header [E23]',
    (id) => {
      const identity = { ...facts().identity, subject: { id, issuer: 'i' } };
      expect(() => allow(facts({ identity }))).toThrow('claim_not_header_safe');
    },
  );

  it.each<[string, object]>([
    ['no outcome', { outcome: undefined }],
    ['an outcome that is not an allow', { outcome: { allow: 'true', headers: {}, metadata: {} } }],
    ['an outcome that never settled', { outcome: Promise.resolve({ allow: true }) }],
    ['no identity', { identity: {} }],
    ['an actor who is not the peer [A04]', { identity: { ...facts().identity, actor: { id: 'spiffe://td/b' } } }],
    ['no grant', { grant: undefined }],
    [
      'a grant and nobody to use it',
      {
        routed: { hop: { id: 'erp.read', delegation: { mode: 'optional', action: 'read' } } },
        identity: { ...facts().identity, actor: undefined },
      },
    ],
    ['a grant for something else', { grant: { id: 'g', task: 't', actions: ['write'] } }],
    [
      'no actor where delegation is demanded',
      { identity: { ...facts().identity, actor: undefined }, grant: undefined },
    ],
    ['no row', { routed: {} }],
    ['nobody who asked for revocations [C10]', { unrevoked: undefined }],
    ['something to spend that was not spent [D01]', { spending: { once: [] }, spent: undefined }],
    ['something to spend that was passed over', { spending: { once: [] }, spent: 'nothing' }],
  ])('does not happen with %s [E02]', (_, over) => {
    expect(() => encode(allow(facts(over)))).toThrow();
  });
});
