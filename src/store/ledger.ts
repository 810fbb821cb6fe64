import type { Fact } from './fact.ts';
import type { Revocation, RevocationTarget, Spent, StoredApproval, StoredGrant } from './store.ts';

/**
 * What a write sees and changes while nobody else writes. Each store brings its own; what a write means is decided over
 * it, once for all stores. Nothing that was put is kept when the write throws.
 */
export interface Ledger {
  grant(id: string): StoredGrant | undefined;
  spent(id: string): Spent;
  approval(id: string): StoredApproval | undefined;
  /** @param key as revocationKey makes it */
  revocation(kind: RevocationTarget['kind'], key: string): Revocation | undefined;
  put(fact: Fact): void;
  isUsed(key: string): boolean;
  /** Remembers a key at least until `until`. @throws where it is there already */
  use(key: string, until: number): void;
}
