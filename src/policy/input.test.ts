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
  return policyInput(request as unknown as CheckInput, routed, identity, undefined, 1_800_000_000_000);
}

describe('the policy input', () => {
  it('holds no credential (T07)', () => {
    const headers = {
      authorization: 'Bearer secret',
      'proxy-authorization': 'Basic secret',
      cookie: 'secret',
      dpop: 'secret',
      'x-forwarded-client-cert': 'secret',
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

  it('says null for what is not there, which no rule mistakes for a value', () => {
    const input = inputWith({});
    expect([input.actor, input.grant, input.request.body.json]).toEqual([null, null, null]);
    expect(input.time).toBe(1_800_000_000);
  });
});
