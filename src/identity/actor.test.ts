import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type IdentifyWorld, ISSUER, spiffe, startIdentifyWorld } from '../../test/fakes/identify-world.ts';
import type { Authority, Matrix } from '../matrix/hop.ts';
import { findAgent } from './actor.ts';

const SUB = spiffe('procurement');
const PARTNER = 'https://partner.example';

let world: IdentifyWorld;
beforeAll(async () => {
  world = await startIdentifyWorld();
});
afterAll(() => world.stop());

describe('may_act', () => {
  it.each<[string, unknown]>([
    ['its sub', { sub: SUB }],
    ['its sub and issuer', { sub: SUB, iss: ISSUER }],
    ['its client id', { client_id: SUB }],
    ['both', { sub: SUB, client_id: SUB }],
  ])('permits the actor that it names by %s [A08]', async (_, may_act) => {
    expect(await world.outcome(await world.token({ may_act }))).toBe('ok');
  });

  it('names a client by the client_id of the actor, where it has one [A08]', async () => {
    const act = { sub: SUB, client_id: 'procurement-client' };
    expect(await world.outcome(await world.token({ act, may_act: { client_id: 'procurement-client' } }))).toBe('ok');
    expect(await world.outcome(await world.token({ act, may_act: { client_id: SUB } }))).toBe('may_act_mismatch');
  });

  it.each<[string, unknown]>([
    ['another sub', { sub: spiffe('support') }],
    ['the sub of another issuer', { sub: SUB, iss: PARTNER }],
    ['a sub that begins alike', { sub: `${SUB}x` }],
    ['another client', { client_id: 'web-shop' }],
    ['the client of another issuer', { client_id: SUB, iss: PARTNER }],
    ['the right sub and another client', { sub: SUB, client_id: 'web-shop' }],
    ['nobody', {}],
    ['an issuer alone', { iss: ISSUER }],
    ['a sub that is a number', { sub: 7 }],
    ['an issuer that is a number', { sub: SUB, iss: 7 }],
    ['null', null],
    ['text', SUB],
    ['a list', [{ sub: SUB }]],
  ])('that names %s permits nobody else [A08]', async (_, may_act) => {
    expect(await world.outcome(await world.token({ may_act }))).toBe('may_act_mismatch');
  });

  it('says nothing where nobody acts for another, and is no claim for policy [A08]', async () => {
    const row = world.row({ delegation: { mode: 'optional' } as ReturnType<IdentifyWorld['row']>['delegation'] });
    const token = await world.token({ act: undefined, sub: SUB, may_act: { sub: 'x' } });
    const { subject } = await world.identify(token, { row });
    expect(subject.claims).not.toHaveProperty('may_act');
  });
});

describe('the tenant', () => {
  it.each<[string, Record<string, unknown>, string]>([
    ['the same tid', { tid: 'acme', act: { sub: SUB, tid: 'acme' } }, 'ok'],
    ['the same tenant', { tenant: 'acme', act: { sub: SUB, tenant: 'acme' } }, 'ok'],
    ['a tid of the subject alone', { tid: 'acme' }, 'ok'],
    ['another tid', { tid: 'acme', act: { sub: SUB, tid: 'evil' } }, 'actor_tenant_mismatch'],
    ['another tenant', { tenant: 'acme', act: { sub: SUB, tenant: 'evil' } }, 'actor_tenant_mismatch'],
    ['a tid of the actor alone', { act: { sub: SUB, tid: 'evil' } }, 'actor_tenant_mismatch'],
    ['a tid that is no text', { tid: 7, act: { sub: SUB, tid: 7 } }, 'actor_tenant_mismatch'],
    [
      'another tid of a former actor',
      { tid: 'acme', act: { sub: SUB, tid: 'acme', act: { sub: 'former', tid: 'evil' } } },
      'actor_tenant_mismatch',
    ],
    ['an authority of the matrix as the issuer of the actor', { act: { sub: SUB, iss: PARTNER } }, 'ok'],
    ['the mesh as the issuer of the actor', { act: { sub: SUB, iss: 'spiffe://prod.acme.example' } }, 'ok'],
    ['an unknown issuer of the actor', { act: { sub: SUB, iss: 'https://evil.example' } }, 'actor_tenant_mismatch'],
    [
      'an unknown issuer of a former actor',
      { act: { sub: SUB, act: { sub: 'former', iss: 'https://evil.example' } } },
      'actor_tenant_mismatch',
    ],
  ])('is held together with its actors: %s [A01, A05]', async (_, over, code) => {
    expect(await world.outcome(await world.token(over))).toBe(code);
  });
});

describe('a client id', () => {
  it('names an agent only where the authority that has it for the agent said it itself [A01]', () => {
    const agent = { name: 'a', spiffeId: SUB, clientIds: { workforce: 'client-7' } };
    const authority = { name: 'workforce', issuer: ISSUER } as Authority;
    const matrix = { agents: [agent] } as unknown as Matrix;
    expect(findAgent({ id: 'client-7', issuer: ISSUER }, authority, matrix)).toBe(agent);
    expect(findAgent({ id: 'client-7', issuer: PARTNER }, authority, matrix)).toBeUndefined();
    expect(
      findAgent({ id: 'client-7', issuer: PARTNER }, { name: 'partner', issuer: PARTNER } as Authority, matrix),
    ).toBeUndefined();
    expect(findAgent({ id: SUB, issuer: PARTNER }, authority, matrix)).toBe(agent);
  });
});

describe('the chain', () => {
  it('is history: only the outermost actor authorises, and what it says of times is not read [A02]', async () => {
    const act = { sub: SUB, exp: 1, aud: 'x', act: { sub: spiffe('support') } };
    const { actor, chain } = await world.identify(await world.token({ act }));
    expect(actor?.agent).toBe('procurement');
    expect(chain).toEqual([{ id: spiffe('support'), issuer: ISSUER }]);
  });
});
