import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDpopClient } from '../../test/fakes/dpop-client.ts';
import {
  AUDIENCE,
  type IdentifyWorld,
  PATH,
  spiffe,
  startIdentifyWorld,
  THUMBPRINT,
} from '../../test/fakes/identify-world.ts';
import type { Hop } from '../matrix/hop.ts';

const OTHER = 'B'.repeat(43);

let world: IdentifyWorld;
beforeAll(async () => {
  world = await startIdentifyWorld();
});
afterAll(() => world.stop());

describe('a token that is bound to a certificate', () => {
  const bound = () => world.token({ cnf: { 'x5t#S256': THUMBPRINT } });

  it.each<Hop['sender']>(['peer', 'mtls', 'none'])(
    'passes from that certificate, where sender is %s',
    async (sender) => {
      expect(await world.outcome(await bound(), { row: world.row({ sender }) })).toBe('ok');
    },
  );

  it.each<Hop['sender']>(['peer', 'mtls', 'dpop', 'none'])(
    'is refused from another certificate, and from none, where sender is %s [S15]',
    async (sender) => {
      const row = world.row({ sender });
      expect(await world.outcome(await bound(), { row, thumbprint: OTHER })).toBe('cnf_cert_mismatch');
      expect(await world.outcome(await bound(), { row, thumbprint: null })).toBe('cnf_cert_mismatch');
    },
  );

  it('is asked for its certificate on every Check, also where it is remembered [S15, J27]', async () => {
    const token = await bound();
    expect(await world.outcome(token)).toBe('ok');
    expect(await world.outcome(token, { thumbprint: OTHER })).toBe('cnf_cert_mismatch');
  });

  it('is the only one that a row with sender mtls takes [S15]', async () => {
    const row = world.row({ sender: 'mtls' });
    expect(await world.outcome(await world.token(), { row })).toBe('cnf_missing');
    const { thumbprint: jkt } = await createDpopClient();
    expect(await world.outcome(await world.token({ cnf: { jkt } }), { row })).toBe('cnf_missing');
  });

  it('and to a key must show both [S15, D03]', async () => {
    const client = await createDpopClient();
    const token = await world.token({ cnf: { 'x5t#S256': THUMBPRINT, jkt: client.thumbprint } });
    const dpop = await client.prove({ token, url: `${AUDIENCE}${PATH}` });
    expect(await world.outcome(token, { scheme: 'DPoP', headers: { dpop } })).toBe('ok');
    expect(await world.outcome(token)).toBe('dpop_required');
    expect(await world.outcome(token, { scheme: 'DPoP', headers: { dpop }, thumbprint: OTHER })).toBe(
      'cnf_cert_mismatch',
    );
  });
});

describe('a binding that we do not understand', () => {
  it.each<[string, unknown]>([
    ['a key in cnf', { jwk: { kty: 'EC' } }],
    ['a kid in cnf', { kid: 'x' }],
    ['something unknown beside the certificate', { 'x5t#S256': THUMBPRINT, osc: {} }],
    ['an empty cnf', {}],
    ['cnf null', null],
    ['cnf in text', THUMBPRINT],
    ['a list', [{ 'x5t#S256': THUMBPRINT }]],
    ['a thumbprint that is too short', { 'x5t#S256': 'AAAA' }],
    ['a thumbprint that is a number', { jkt: 7 }],
  ])('is refused: %s [S15, D03]', async (_, cnf) => {
    expect(await world.outcome(await world.token({ cnf }))).toBe('cnf_unsupported');
  });
});

describe('the one who sends', () => {
  it.each<Hop['sender']>(['peer', 'mtls', 'dpop'])(
    'must be the actor, where sender is %s, whatever key it holds besides [A04]',
    async (sender) => {
      const client = await createDpopClient();
      const cnf = { 'x5t#S256': THUMBPRINT, jkt: client.thumbprint };
      const token = await world.token({ cnf, act: { sub: spiffe('support') } });
      const dpop = await client.prove({ token, url: `${AUDIENCE}${PATH}` });
      const row = world.row({ sender });
      expect(await world.outcome(token, { scheme: 'DPoP', headers: { dpop }, row })).toBe('actor_peer_mismatch');
    },
  );

  it('may be another workload where sender is none; the agent that acts must then be of the row [A04]', async () => {
    const row = world.row({ sender: 'none' });
    expect(await world.outcome(await world.token(), { row, peer: 'support' })).toBe('ok');
    const token = await world.token({ act: { sub: spiffe('support') } });
    expect(await world.outcome(token, { row })).toBe('agent_not_permitted');
    const own = world.row({ sender: 'none', delegation: { mode: 'optional' } as Hop['delegation'] });
    const person = await world.token({ act: undefined });
    expect(await world.outcome(person, { row: own })).toBe('agent_not_permitted');
  });
});
