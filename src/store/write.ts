import type { Revocation, RevocationTarget, Spending, SpendResult, StoredApproval, StoredGrant } from './store.ts';

/** Every write: what is asked for, and what is answered once it is durable. */
export interface Writes {
  readonly createGrant: { readonly asked: Omit<StoredGrant, 'createdAt' | 'version'>; readonly answer: StoredGrant };
  readonly renewGrant: {
    readonly asked: { readonly id: string; readonly expiresAt: number };
    readonly answer: StoredGrant;
  };
  readonly approve: { readonly asked: Omit<StoredApproval, 'at' | 'used'>; readonly answer: StoredApproval };
  readonly revoke: {
    readonly asked: { readonly target: RevocationTarget; readonly by: string; readonly reason: string };
    readonly answer: Revocation;
  };
  readonly spend: { readonly asked: Spending; readonly answer: SpendResult };
}

export type Operation = keyof Writes;

/** `now` is the asker's clock, in milliseconds since the epoch. */
export type Write = {
  readonly [Op in Operation]: { readonly op: Op; readonly asked: Writes[Op]['asked']; readonly now: number };
}[Operation];

export type Answer = Writes[Operation]['answer'];
