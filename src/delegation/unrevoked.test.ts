import { pino } from 'pino';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Identity } from '../identity/identity.ts';
import type { Hop } from '../matrix/hop.ts';
import { openStore } from '../store/open-store.ts';
import { type RevocationTarget, type Spending, type Store, StoreError } from '../store/store.ts';
import { spend } from './spend.ts';
import { requireUnrevoked } from './unrevoked.ts';

const IDP = 'https://idp.acme.example';
const hop = (over: object = {}) =>
  ({
    agents: [{ name: 'procurement', spiffeId: 'spiffe://td/a', clientIds: {} }],
    sender: 'peer',
    credential: {},
    revocation: undefined,
    delegation: { mode: 'required', grant: 'token' },
    ...over,
  }) as unknown as Hop;
const identity = {
  peer: { id: 'spiffe://td/a' },
  agents: ['procurement'],
  subject: { id: 'alice', issuer: IDP },
  token: { issuer: IDP, id: 'tok-1', keyId: 'k-1', issuedAt: 1_700_000_000 },
} as unknown as Identity;

describe('requireUnrevoked', () => {
  let store: Store;
  beforeEach(async () => {
    store = openStore('memory:', { log: pino({ level: 'silent' }) });
    await store.ready();
  });

  it('lets pass what nobody revoked', () => {
    expect(() => requireUnrevoked(identity, hop(), store)).not.toThrow();
  });

  it.each<[RevocationTarget, string]>([
    [{ kind: 'token', id: 'tok-1' }, 'token_revoked'],
    [{ kind: 'subject', issuer: IDP, id: 'alice' }, 'subject_disabled'],
    [{ kind: 'agent', name: 'procurement' }, 'actor_disabled'],
    [{ kind: 'key', issuer: IDP, kid: 'k-1' }, 'key_revoked'],
    [{ kind: 'issuer', issuer: IDP }, 'issuer_disabled'],
    [{ kind: 'before', time: 1_700_000_000_000 }, 'token_revoked'],
    [{ kind: 'before', time: 1_700_000_000_000, issuer: IDP }, 'token_revoked'],
  ])('refuses what %o covers, as %s [A10, C10, J24, J27]', async (target, code) => {
    await store.revoke(target, { by: 'test', reason: 'test' });
    expect(() => requireUnrevoked(identity, hop(), store)).toThrow(expect.objectContaining({ code }));
  });

  it.each<RevocationTarget>([
    { kind: 'token', id: 'tok-2' },
    { kind: 'subject', issuer: 'https://other.example', id: 'alice' },
    { kind: 'agent', name: 'support' },
    { kind: 'key', issuer: 'https://other.example', kid: 'k-1' },
    { kind: 'issuer', issuer: 'https://other.example' },
    { kind: 'before', time: 1_699_999_999_999 },
    { kind: 'before', time: 1_750_000_000_000, issuer: 'https://other.example' },
  ])('lets pass what %o does not cover', async (target) => {
    await store.revoke(target, { by: 'test', reason: 'test' });
    expect(() => requireUnrevoked(identity, hop(), store)).not.toThrow();
  });

  it('asks about who acts and about who carries the token [A10]', async () => {
    await store.revoke({ kind: 'agent', name: 'support' }, { by: 'test', reason: 'test' });
    expect(() => requireUnrevoked(identity, hop(), store)).not.toThrow();
    for (const agents of [['procurement', 'support'], ['support', 'procurement'], ['support']]) {
      expect(() => requireUnrevoked({ ...identity, agents }, hop(), store)).toThrow(/agent/);
    }
  });

  it.each<[string, object, boolean]>([
    ['that promises revocation', { revocation: { by: ['token'], within: 1 } }, true],
    ['with stored grants', { delegation: { mode: 'required', grant: 'stored' } }, true],
    ['whose proofs serve once', { sender: 'dpop' }, true],
    ['whose tokens serve once', { credential: { singleUse: true } }, true],
    ['that needs nothing of the store', {}, false],
    ['that forbids delegation', { delegation: { mode: 'forbidden', grant: 'stored' } }, false],
  ])('over 2 s without news, a row %s is denied or not: %o [C01, C12]', (_, over, isDenied) => {
    const stale = (age: number): Store => ({ ...store, staleness: () => age, revokedBy: () => undefined });
    expect(() => requireUnrevoked(identity, hop(over), stale(2000))).not.toThrow();
    for (const age of [2001, Number.POSITIVE_INFINITY, Number.NaN]) {
      const ask = () => requireUnrevoked(identity, hop(over), stale(age));
      if (isDenied) expect(ask).toThrow(expect.objectContaining({ code: 'revocation_unavailable' }));
      else expect(ask).not.toThrow();
    }
  });
});

describe('spend', () => {
  const failing = (error: unknown) =>
    ({
      spend: async () => {
        throw error;
      },
    }) as unknown as Store;
  const spending: Spending = { once: [] };

  it('denies as a fault where the store does not take the write, and remembers nothing instead [D09, C05]', async () => {
    const down = failing(new StoreError('unavailable', 'locked'));
    const proof = [{ kind: 'dpop', key: 'p', until: 1 }] as const;
    await expect(spend(spending, [], down)).rejects.toMatchObject({ code: 'spend_unavailable' });
    await expect(spend(spending, proof, down)).rejects.toMatchObject({ code: 'replay_store_unavailable' });
  });

  it('leaves a bug a bug', async () => {
    await expect(spend(spending, [], failing(new TypeError('x')))).rejects.toThrow(TypeError);
  });
});
