import { describe, expect, it } from 'vitest';
import { type Extent, widening } from './narrows.ts';

const parent: Extent = {
  subject: { issuer: 'https://idp.acme.example', id: 'alice' },
  actions: ['read', 'pay'],
  target: 'https://erp.acme.example',
  context: { region: 'eu' },
  budget: { calls: 5, amount: { limit: 500, currency: 'EUR', field: '/amount' } },
  expiresAt: 1000,
};
const euros = parent.budget?.amount as NonNullable<NonNullable<Extent['budget']>['amount']>;

describe('a child', () => {
  it.each<[string, Partial<Extent>]>([
    ['is the same', {}],
    ['has fewer actions', { actions: ['pay'] }],
    ['has more context', { context: { region: 'eu', tenant: 't' } }],
    ['has a smaller budget', { budget: { calls: 1, amount: { ...euros, limit: 0 } } }],
    ['ends earlier', { expiresAt: 999 }],
  ])('narrows where it %s [A07]', (_, over) => {
    expect(widening({ ...parent, ...over }, parent)).toBeUndefined();
  });

  it.each<[string, Partial<Extent>, RegExp]>([
    ['another issuer of the subject', { subject: { ...parent.subject, issuer: 'x' } }, /another subject/],
    ['an expiry that is no number', { expiresAt: Number.NaN }, /longer/],
    ['a number of calls that is none', { budget: { calls: Number.NaN, amount: euros } }, /more often/],
    ['a limit that is no number', { budget: { calls: 1, amount: { ...euros, limit: Number.NaN } } }, /spend more/],
    ['an inherited context key', { context: Object.create({ region: 'eu' }) }, /leaves out a context/],
    ['no limit of amounts', { budget: { calls: 5 } }, /leaves out the amount/],
  ])('widens with %s [A07]', (_, over, message) => {
    expect(widening({ ...parent, ...over }, parent)).toMatch(message);
  });

  it('may bring a budget where its parent has none', () => {
    expect(widening(parent, { ...parent, budget: undefined })).toBeUndefined();
  });
});

/** A seeded generator (mulberry32), so that a failure can be seen again. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const ACTIONS = ['read', 'pay', 'drop'];
const SUBJECTS = [parent.subject, { issuer: 'https://idp.acme.example', id: 'bob' }];
const TARGETS = ['erp', 'crm'];
const REGIONS = ['eu', 'us'];
const TENANTS = ['one', 'two'];
const CURRENCIES = ['EUR', 'USD'];
const FIELDS = ['/a', '/b'];

/**
 * The model: a grant is the set of the uses that it allows, listed one by one. It knows nothing of how grants are
 * compared.
 */
const USES = SUBJECTS.flatMap((subject) =>
  ACTIONS.flatMap((action) =>
    TARGETS.flatMap((target) =>
      REGIONS.flatMap((region) =>
        TENANTS.flatMap((tenant) =>
          [0, 1, 2].flatMap((time) =>
            [
              { calls: 1, amount: 1, currency: 'EUR', field: '/a' },
              { calls: 2, amount: 3, currency: 'EUR', field: '/a' },
              { calls: 1, amount: 2, currency: 'USD', field: '/a' },
              { calls: 3, amount: 1, currency: 'EUR', field: '/b' },
            ].map((use) => ({ subject, action, target, context: { region, tenant }, time, ...use })),
          ),
        ),
      ),
    ),
  ),
);

function allowed(grant: Extent): Set<number> {
  const set = new Set<number>();
  for (const [index, use] of USES.entries()) {
    const { calls, amount } = grant.budget ?? {};
    const isAllowed =
      grant.subject.id === use.subject.id &&
      grant.actions.includes(use.action) &&
      grant.target === use.target &&
      (grant.context['region'] ?? use.context.region) === use.context.region &&
      (grant.context['tenant'] ?? use.context.tenant) === use.context.tenant &&
      use.time < grant.expiresAt &&
      use.calls <= (calls ?? Number.POSITIVE_INFINITY) &&
      (amount === undefined ||
        (amount.currency === use.currency && amount.field === use.field && use.amount <= amount.limit));
    if (isAllowed) set.add(index);
  }
  return set;
}

function isWithin(set: ReadonlySet<number>, other: ReadonlySet<number>): boolean {
  for (const use of set) if (!other.has(use)) return false;
  return true;
}

type Random = ReturnType<typeof randomFrom>;
const pick = <T>(random: Random, values: readonly T[]): T => values[random(values.length)] as T;

/** Mostly near its parent, so that many children narrow and many widen by one thing alone. */
function randomChild(from: Extent, random: Random): Extent {
  const keeps = () => random(8) !== 0;
  const amount = () => ({ limit: random(4), currency: pick(random, CURRENCIES), field: pick(random, FIELDS) });
  return {
    subject: keeps() ? from.subject : pick(random, SUBJECTS),
    actions: keeps() ? from.actions : ACTIONS.filter(() => random(2) === 0),
    target: keeps() ? from.target : pick(random, TARGETS),
    context: keeps()
      ? from.context
      : {
          ...(random(2) === 0 && { region: pick(random, REGIONS) }),
          ...(random(2) === 0 && { tenant: pick(random, TENANTS) }),
        },
    budget: keeps()
      ? from.budget
      : { ...(random(2) === 0 && { calls: random(4) }), ...(random(2) === 0 && { amount: amount() }) },
    expiresAt: keeps() ? from.expiresAt : random(4),
  };
}

const ROOT: Extent = { ...parent, target: 'erp', actions: ACTIONS, context: {}, budget: undefined, expiresAt: 3 };

it('over 100,000 random chains, a leaf allows exactly what all of its chain allow [A07]', () => {
  const random = randomFrom(4);
  const known = new Map<string, Set<number>>();
  const setOf = (grant: Extent): Set<number> => {
    const key = JSON.stringify(grant);
    const set = known.get(key) ?? allowed(grant);
    known.set(key, set);
    return set;
  };
  let [links, refused] = [0, 0];
  for (let chain = 0; chain < 100_000; chain++) {
    let leaf = ROOT;
    for (let depth = 1 + random(6); depth > 0; depth--) {
      const child = randomChild(leaf, random);
      const isSubset = isWithin(setOf(child), setOf(leaf));
      if (widening(child, leaf) === undefined) {
        // A child within its parent at each link: so the last lies within all of them.
        if (!isSubset) throw new Error(`widens unseen: ${JSON.stringify({ child, leaf })}`);
        links++;
        leaf = child;
      } else {
        refused++;
      }
    }
    if (!isWithin(setOf(leaf), setOf(ROOT))) throw new Error(`the chain widens: ${JSON.stringify(leaf)}`);
  }
  expect(links).toBeGreaterThan(100_000);
  expect(refused).toBeGreaterThan(50_000);
});

it('refuses no child whose set lies within its parent’s, where every use could tell them apart [A07]', () => {
  const random = randomFrom(7);
  let narrower = 0;
  for (let n = 0; n < 20_000; n++) {
    // Sets tell only what some use shows: budgets and empty grants have no use that shows the difference.
    const from = { ...randomChild(ROOT, random), budget: undefined };
    const child = { ...randomChild(from, random), budget: undefined };
    if (allowed(child).size === 0 || !isWithin(allowed(child), allowed(from))) continue;
    narrower++;
    expect(widening(child, from)).toBeUndefined();
  }
  expect(narrower).toBeGreaterThan(1000);
});
