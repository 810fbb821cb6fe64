import { STEPS } from '../../src/check.ts';
import { type Store, type StoredGrant, StoreError } from '../../src/store/store.ts';
import type { Fault } from './case-schema.ts';

/** The store, with grants in it that it would refuse. */
export function withForged(store: Store, forged: readonly StoredGrant[]): Store {
  if (forged.length === 0) return store;
  const find = (id: string) => forged.find((grant) => grant.id === id);
  return {
    ...store,
    grantsOf: (subject, actor) => [
      ...forged.filter((grant) => grant.actor === actor),
      ...store.grantsOf(subject, actor),
    ],
    grant: (id) => find(id) ?? store.grant(id),
    lineage: (id) => {
      const grant = find(id);
      const above = grant?.parent === undefined ? [] : store.lineage(grant.parent);
      return grant === undefined ? store.lineage(id) : above && [grant, ...above];
    },
  };
}

/** The store, broken. */
export function faulty(store: Store, fault: Fault | undefined): Store {
  if (fault === 'store-stale') return { ...store, staleness: () => Number.POSITIVE_INFINITY };
  if (fault !== 'store-unavailable') return store;
  return { ...store, spend: () => Promise.reject(new StoreError('unavailable', 'as the case wants it')) };
}

/** The steps of a Check, one of them broken. */
export function faultySteps(fault: Fault | undefined): typeof STEPS {
  if (fault === 'step-throws') return { ...STEPS, decide: fail };
  if (fault === 'step-hangs') return { ...STEPS, identify: () => new Promise(() => {}) };
  return STEPS;
}

function fail(): never {
  throw new TypeError('as the case wants it');
}
