import type { Spending } from '../store/store.ts';

/**
 * delegate: Identity and row in, live Grant out. What a person allowed an agent: task, actions, target, context, until
 * when. Refuses with `actor_missing`, `delegation_forbidden` and the `grant_*` codes. RFC 9396 `authorization_details`.
 */

/** What a grant may be used for in all. `calls` and `limit` count up to and including. */
export interface Budget {
  readonly calls?: number;
  /** `limit` is in the minor unit of `currency` (cents), a safe integer; `field` is the JSON pointer of the amount. */
  readonly amount?: { readonly limit: number; readonly currency: string; readonly field: string };
}

/** An approval that fits this request and has not been used. */
export interface Approval {
  readonly id: string;
  readonly approver: string;
  /** In seconds since the epoch. */
  readonly at: number;
}

/** A grant that covers this request. `expiresAt` is a NumericDate, in seconds. */
export interface Grant {
  readonly id: string;
  readonly task: string;
  readonly actions: readonly string[];
  readonly target: string;
  readonly context: Readonly<Record<string, string>>;
  readonly expiresAt: number;
  readonly budget?: Budget;
  /** A person's approval of exactly this request, where there is one. */
  readonly approval?: Approval;
  /** Of a stored grant: counts its changes, so that a record names what it rested on. */
  readonly version?: number;
}

/** What `delegate` found. `spending` is what the answer will use up; `wanted` names the approval that would fit. */
export interface Delegated {
  readonly grant: Grant | undefined;
  readonly spending: Spending | undefined;
  readonly wanted: WantedApproval | undefined;
}

/** What a person would have to approve: `behalf grants approve GRANT --hop HOP --digest DIGEST`. */
export interface WantedApproval {
  readonly grant: string;
  readonly hop: string;
  readonly digest: string;
}
