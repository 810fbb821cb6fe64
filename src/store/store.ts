/**
 * What outlives a process: grants, approvals, revocations, and what was used once (design §10, §11). Reads are of memory
 * and synchronous: the Check's thread never waits on a lock. Writes are acknowledged when they are durable.
 */
import type { Budget } from '../delegation/grant.ts';

/** What a subject allowed an actor, as it is kept. Times are milliseconds since the epoch. */
export interface StoredGrant {
  readonly id: string;
  readonly subject: { readonly issuer: string; readonly id: string };
  /** The agent's name in the matrix. */
  readonly actor: string;
  readonly task: string;
  readonly actions: readonly string[];
  /** The audience that it is for. */
  readonly target: string;
  readonly context: Readonly<Record<string, string>>;
  readonly budget: Budget | undefined;
  readonly createdAt: number;
  readonly expiresAt: number;
  /** The grant that this one narrows. */
  readonly parent: string | undefined;
  /** Counts changes (create, renew); a decision names the version that it rested on. */
  readonly version: number;
}

/** How much of a budget is used. `amount` is in the currency's minor unit. */
export interface Spent {
  readonly calls: number;
  readonly amount: number;
}

/** A person's yes to one action: bound to grant, row and digest, for one use. */
export interface StoredApproval {
  readonly id: string;
  readonly grant: string;
  readonly hop: string;
  /** What was approved: delegation/approval-digest.ts makes it. 64 hex digits. */
  readonly digest: string;
  readonly approver: string;
  readonly at: number;
  readonly expiresAt: number;
  readonly used: boolean;
}

/**
 * What is revoked. `token`: its id (Identity.token.id). `subject`, `key`: with their issuer. `before`: every token and
 * grant of this issuer (or, without one, of all) that was issued at or before `time`, in milliseconds since the epoch.
 */
export type RevocationTarget =
  | { readonly kind: 'token'; readonly id: string }
  | { readonly kind: 'grant'; readonly id: string }
  | { readonly kind: 'subject'; readonly issuer: string; readonly id: string }
  | { readonly kind: 'agent'; readonly name: string }
  | { readonly kind: 'key'; readonly issuer: string; readonly kid: string }
  | { readonly kind: 'issuer'; readonly issuer: string }
  | { readonly kind: 'before'; readonly time: number; readonly issuer?: string | undefined };

export interface Revocation {
  readonly target: RevocationTarget;
  readonly at: number;
  readonly by: string;
  readonly reason: string;
}

/** Everything that revocation is asked about for one Check. `issuedAt` in milliseconds since the epoch. */
export interface Presented {
  readonly tokenId: string;
  readonly issuer: string;
  readonly keyId: string | undefined;
  readonly issuedAt: number;
  readonly subject: { readonly issuer: string; readonly id: string };
  /** The agents that have a hand in it, by their names in the matrix. */
  readonly agents: readonly string[];
}

/** What one Check uses up, all or nothing, in one durable write. */
export interface Spending {
  /** Keys that must be new (threats D01); kept until `until`, in milliseconds since the epoch. */
  readonly once: readonly { readonly key: string; readonly until: number }[];
  /** The grant, whose budget and whose ancestors' budgets are charged, and that must still be live. */
  readonly grant?: { readonly id: string; readonly calls: number; readonly amount: number } | undefined;
  readonly approval?: string | undefined;
}

/** Why nothing was used up. `key`: the first key that had been seen. */
export type SpendResult =
  | { readonly ok: true }
  | { readonly ok: false; readonly why: 'replayed'; readonly key: string }
  | { readonly ok: false; readonly why: 'budget' | 'approval' | 'revoked' | 'expired' | 'unknown_grant' };

/** A write that the store refused, with a sentence for the operator. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  /**
   * `refused`: what was asked is not possible. `unavailable`: the store failed; unless the message says that it may have
   * written, nothing was.
   */
  readonly kind: 'refused' | 'unavailable';

  constructor(kind: StoreError['kind'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

export interface Store {
  /** `memory:` or `sqlite:FILE`, for messages. */
  readonly name: string;
  /** False for `memory:`: what it holds dies with the process. */
  readonly isDurable: boolean;

  // Reads of memory.
  /**
   * Live or not, by subject and actor, newest first. Revocation and time are the caller's to judge: a refusal must be able
   * to say which.
   */
  grantsOf(subject: StoredGrant['subject'], actor: string): readonly StoredGrant[];
  grant(id: string): StoredGrant | undefined;
  /** The grant itself, its parent, and so on; undefined where one of them is missing. */
  lineage(id: string): readonly StoredGrant[] | undefined;
  spent(id: string): Spent;
  /** True where it, or any grant that it descends from, is revoked, or was issued at or before a `before`. */
  isGrantRevoked(id: string): boolean;
  /** An unused, unexpired approval for exactly this. */
  approvalFor(grant: string, hop: string, digest: string, now: number): StoredApproval | undefined;
  /** The kind of the strictest revocation that covers what was presented; undefined where none does. */
  revokedBy(presented: Presented): Exclude<RevocationTarget['kind'], 'grant'> | undefined;
  grants(): Iterable<StoredGrant>;
  approvals(): Iterable<StoredApproval>;
  revocations(): Iterable<Revocation>;
  /** Milliseconds since this process last knew that it knows everything; Infinity before it first did. */
  staleness(): number;

  // Writes. Each resolves once it is durable and visible to this process's reads; rejects with StoreError.
  createGrant(grant: Omit<StoredGrant, 'createdAt' | 'version'>): Promise<StoredGrant>;
  /** @param expiresAt must lie within its parent's, and in the future */
  renewGrant(id: string, expiresAt: number): Promise<StoredGrant>;
  approve(approval: Omit<StoredApproval, 'at' | 'used'>): Promise<StoredApproval>;
  revoke(target: RevocationTarget, why: { readonly by: string; readonly reason: string }): Promise<Revocation>;
  spend(spending: Spending): Promise<SpendResult>;
  /** Resolves once the first complete load is done. @throws StoreError where the store cannot be used */
  ready(): Promise<void>;
  close(): Promise<void>;
}
