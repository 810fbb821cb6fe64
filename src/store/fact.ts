import type { Revocation, Spent, StoredApproval, StoredGrant } from './store.ts';

/** What the store holds, by kind: state, not events, so a fact that is read twice or late changes nothing (threats C08). */
export interface Facts {
  readonly grant: StoredGrant;
  /** `id` is the grant's. */
  readonly spent: Spent & { readonly id: string };
  readonly approval: StoredApproval;
  readonly revocation: Revocation;
}

export type Fact = {
  readonly [Kind in keyof Facts]: { readonly kind: Kind; readonly value: Facts[Kind] };
}[keyof Facts];
