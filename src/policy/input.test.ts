import { describe, expect, it } from 'vitest';
import type { Identity } from '../identity/identity.ts';
import type { RoutedHop } from '../matrix/hop.ts';
import type { CheckInput } from '../request/check-input.ts';
import { type PolicyInput, policyInput } from './input.ts';

const identity = {
  peer: { id: 'spiffe://td/a', trustDomain: 'td' },
  subject: { id: 'alice', issuer: 'i', claims: {} },
  actor: undefined,
  chain: [],
  token: { issuer: 'i', type: 'at+jwt', audience: ['x'], scopes: [], expiresAt: 1, authorizationDetails: ['secret'] },
} as unknown as Identity;
const routed = {
  hop: {
    id: 'r',
    protocol: 'http',
    boundary: 'b',
    delegation: { action: 'read' },
    credential: { audience: 'x', scopes: [] },
  },
  params: {},
} as unknown as RoutedHop;

function inputWith(headers: Record<string, string>): PolicyInput {
  const request = {
    method: 'GET',
    host: 'h',
    path: '/',
    segments: [''],
    query: {},
    headers,
    body: () => ({ state: 'absent' }),
  };
  const input = request as unknown as CheckInput;
  return policyInput({ input, routed, identity, grant: undefined, now: 1_800_000_000_000, call: undefined });
}

describe('the policy input', () => {
  it('shows a header that is called like a part of every object [J11]', () => {
    const headers = JSON.parse('{"__proto__":"x","constructor":"y"}') as Record<string, string>;
    expect(JSON.stringify(inputWith(headers).request.headers)).toBe('{"__proto__":"x","constructor":"y"}');
  });

  it('holds no credential (T07)', () => {
    const headers = {
      authorization: 'Bearer secret',
      'proxy-authorization': 'Basic secret',
      cookie: 'secret',
      dpop: 'secret',
      'x-forwarded-client-cert': 'secret',
      'txn-token': 'secret',
      'x-spiffe-jwt-svid': 'secret',
      accept: '*/*',
    };
    const input = inputWith(headers);
    expect(Object.keys(input.request.headers)).toEqual(['accept']);
    expect(JSON.stringify(input)).not.toContain('secret');
  });

  it('holds no header that speaks in our name (P15)', () => {
    const headers = { 'x-behalf-subject': 'root', x_behalf_agent: 'root', 'x-behalfish': '1' };
    expect(Object.keys(inputWith(headers).request.headers)).toEqual(['x-behalfish']);
  });

  it('shows what an MCP client asks for, one message at a time', () => {
    const input = {} as CheckInput;
    const call = { method: 'tools/call', tool: 'pay', arguments: { amount: 1 } };
    const request = { ...input, headers: {}, body: () => ({ state: 'absent' }) } as unknown as CheckInput;
    const facts = { input: request, routed, identity, grant: undefined, now: 0 };
    expect(policyInput({ ...facts, call }).mcp).toEqual(call);
    expect(policyInput({ ...facts, call: undefined }).mcp).toBeNull();
  });

  it('says null for what is not there, which no rule mistakes for a value', () => {
    const input = inputWith({});
    expect([input.actor, input.grant, input.request.body.json]).toEqual([null, null, null]);
    expect(input.time).toBe(1_800_000_000);
  });
});
