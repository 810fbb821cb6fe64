import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Fact } from './fact.ts';
import { FactsIndex } from './facts-index.ts';
import { joinKey } from './join-key.ts';
import { revocationKey } from './revocation-key.ts';
import type { RevocationTarget, StoredGrant } from './store.ts';

const small = fc.constantFrom('a', 'b', 'a:', ':b', '1:a');
const smallNumber = fc.integer({ min: 0, max: 3 });

const target: fc.Arbitrary<RevocationTarget> = fc.oneof(
  fc.record({ kind: fc.constantFrom('token', 'grant'), id: small }),
  fc.record({ kind: fc.constant('subject'), issuer: small, id: small }),
  fc.record({ kind: fc.constant('key'), issuer: small, kid: small }),
  fc.record({ kind: fc.constant('before'), time: smallNumber, issuer: fc.option(small, { nil: undefined }) }),
);

/** Each state of a thing has one value, as in a store: a version is one grant, a number of uses one amount. */
const fact: fc.Arbitrary<Fact> = fc.oneof(
  fc.record({ id: small, version: smallNumber, parent: fc.option(small, { nil: undefined }) }).map((some): Fact => {
    const value = { subject: { issuer: 'i', id: 's' }, actor: 'x', createdAt: some.id.length, expiresAt: some.version };
    // A grant's parent never changes.
    return { kind: 'grant', value: { ...value, ...some, parent: some.id === 'a' ? undefined : 'a' } as StoredGrant };
  }),
  fc
    .record({ id: small, calls: smallNumber })
    .map((some): Fact => ({ kind: 'spent', value: { ...some, amount: some.calls * 5 } })),
  fc.record({ id: small, used: fc.boolean() }).map(
    (some): Fact => ({
      kind: 'approval',
      value: { ...some, grant: 'a', hop: 'h', digest: some.id.slice(0, 1), approver: 'p', at: 0, expiresAt: 9 },
    }),
  ),
  target.map((of): Fact => ({ kind: 'revocation', value: { target: of, at: 0, by: 'o', reason: 'r' } })),
);

/** Everything that the index says, in an order of its own. */
function saysOf(facts: readonly Fact[]): unknown {
  const index = new FactsIndex();
  for (const one of facts) index.apply(one);
  const ids = ['a', 'b', 'a:', ':b', '1:a'];
  const sorted = (values: Iterable<unknown>) => [...values].map((value) => JSON.stringify(value)).sort();
  return {
    grants: sorted(index.grants()),
    held: index.grantsOf({ issuer: 'i', id: 's' }, 'x'),
    spent: ids.map((id) => index.spent(id)),
    revoked: ids.map((id) => index.isGrantRevoked(id)),
    waiting: ['a', 'b'].map((digest) => index.approvalFor('a', 'h', digest, 0) !== undefined),
    approvals: sorted(index.approvals()),
    revocations: sorted(index.revocations()),
  };
}

it('says the same whatever order facts come in, and however often [C08]', () => {
  fc.assert(
    fc.property(fc.array(fact, { maxLength: 12 }), fc.infiniteStream(fc.nat()), (facts, order) => {
      const again = [...facts, ...facts.slice(0, 3)];
      const shuffled = again
        .map((one) => ({ one, at: order.next().value as number }))
        .sort((a, b) => a.at - b.at)
        .map(({ one }) => one);
      expect(saysOf(shuffled)).toEqual(saysOf(facts));
    }),
    { numRuns: 5000 },
  );
});

/** The parent of all others: until it is there, nobody can say that they are not revoked. */
const root: Fact = {
  kind: 'grant',
  value: { id: 'a', version: 0, createdAt: 1, subject: { issuer: 'i', id: 's' }, actor: 'x' } as StoredGrant,
};

it('never takes a revocation, a use or a spending back [C08]', () => {
  fc.assert(
    fc.property(fc.array(fact, { maxLength: 8 }), fact, (facts, later) => {
      const index = new FactsIndex();
      for (const one of [root, ...facts]) index.apply(one);
      const before = ['a', 'b', 'a:'].map((id) => ({
        isRevoked: index.isGrantRevoked(id),
        calls: index.spent(id).calls,
      }));
      index.apply(later);
      for (const [at, id] of ['a', 'b', 'a:'].entries()) {
        expect(index.isGrantRevoked(id) || !before[at]?.isRevoked).toBe(true);
        expect(index.spent(id).calls).toBeGreaterThanOrEqual(before[at]?.calls ?? 0);
      }
    }),
    { numRuns: 5000 },
  );
});

it('calls a grant revoked whose parent is missing, or whose lineage has no end', () => {
  const grant = (id: string, parent: string) =>
    ({ id, parent, version: 1, createdAt: 0, subject: { issuer: 'i', id: 's' }, actor: 'x' }) as StoredGrant;
  const index = new FactsIndex();
  index.apply({ kind: 'grant', value: grant('orphan', 'nobody') });
  index.apply({ kind: 'grant', value: grant('egg', 'hen') });
  index.apply({ kind: 'grant', value: grant('hen', 'egg') });
  expect(['orphan', 'egg', 'hen'].map((id) => index.isGrantRevoked(id))).toEqual([true, true, true]);
  expect(index.lineage('egg')).toBeUndefined();
  const root = grant('n-0', '');
  index.apply({ kind: 'grant', value: { ...root, parent: undefined } });
  for (let n = 1; n < 9; n++) index.apply({ kind: 'grant', value: grant(`n-${n}`, `n-${n - 1}`) });
  expect(index.lineage('n-7')).toHaveLength(8);
  expect(index.lineage('n-8')).toBeUndefined();
});

it('refuses a fact of a kind that it does not know', () => {
  expect(() => new FactsIndex().apply({ kind: 'pardon', value: {} } as never)).toThrow(/unknown kind/);
});

const hostile = fc.oneof(fc.string(), fc.stringMatching(/^[0-9:]{0,4}$/));

it('joins different texts to different keys [C13]', () => {
  fc.assert(
    fc.property(fc.array(hostile, { maxLength: 4 }), fc.array(hostile, { maxLength: 4 }), (one, other) => {
      expect(joinKey(...one) === joinKey(...other)).toBe(JSON.stringify(one) === JSON.stringify(other));
    }),
    { numRuns: 100_000 },
  );
});

it('gives no two things of one kind the same key [C13]', () => {
  fc.assert(
    fc.property(target, target, (one, other) => {
      fc.pre(one.kind === other.kind && one.kind !== 'before');
      expect(revocationKey(one) === revocationKey(other)).toBe(JSON.stringify(one) === JSON.stringify(other));
    }),
    { numRuns: 20_000 },
  );
});
