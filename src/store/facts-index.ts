import type { Fact, Facts } from './fact.ts';
import { joinKey } from './join-key.ts';
import type { Ledger } from './ledger.ts';
import { isLineageRevoked, lineageOf } from './lineage.ts';
import { revocationKey } from './revocation-key.ts';
import { revokedBy } from './revoked-by.ts';
import type { Revocation, RevocationTarget, Spent, Store, StoredApproval, StoredGrant } from './store.ts';

const NOTHING_SPENT: Spent = { calls: 0, amount: 0 };
const NONE: readonly never[] = [];

/** The grants of one subject and actor. Sorting waits until someone asks, or loading many would take its square. */
interface Held {
  grants: StoredGrant[];
  isOrdered: boolean;
}

/** The reads of a store, and what a write asks of one. */
type Reads = Pick<
  Store,
  | 'grantsOf'
  | 'grant'
  | 'lineage'
  | 'spent'
  | 'isGrantRevoked'
  | 'approvalFor'
  | 'revokedBy'
  | 'grants'
  | 'approvals'
  | 'revocations'
> &
  Pick<Ledger, 'approval' | 'revocation'>;

/**
 * Everything the store holds but what was used once, in memory, for reads that never wait. Facts join: in any order, and
 * however often, the same facts make the same index, and nothing that was revoked, used or spent ever is less so
 * (threats C08).
 */
export class FactsIndex implements Reads {
  readonly #grants = new Map<string, StoredGrant>();
  /** By issuer, of which there are few with long names, then by subject and actor. */
  readonly #held = new Map<string, Map<string, Held>>();
  readonly #spent = new Map<string, Spent>();
  readonly #approvals = new Map<string, StoredApproval>();
  /** Those that are unused, by what they are for. */
  readonly #waiting = new Map<string, StoredApproval[]>();
  /** One map a kind, so that a single text is its own key and is held once. */
  readonly #revoked: { readonly [Kind in RevocationTarget['kind']]: Map<string, Revocation> } = {
    token: new Map(),
    grant: new Map(),
    subject: new Map(),
    agent: new Map(),
    key: new Map(),
    issuer: new Map(),
    before: new Map(),
  };

  apply(fact: Fact): void {
    switch (fact.kind) {
      case 'grant':
        return this.#joinGrant(fact.value);
      case 'spent':
        return this.#joinSpent(fact.value);
      case 'approval':
        return this.#joinApproval(fact.value);
      case 'revocation':
        return this.#joinRevocation(fact.value);
      default:
        throw new TypeError(`the store holds a fact of an unknown kind: ${JSON.stringify(fact satisfies never)}`);
    }
  }

  grantsOf(subject: StoredGrant['subject'], actor: string): readonly StoredGrant[] {
    const held = this.#held.get(subject.issuer)?.get(joinKey(subject.id, actor));
    if (held === undefined) return NONE;
    if (!held.isOrdered) {
      // A copy: who was given the old list may still be reading it.
      held.grants = held.grants.toSorted(newestFirst);
      held.isOrdered = true;
    }
    return held.grants;
  }

  grant(id: string): StoredGrant | undefined {
    return this.#grants.get(id);
  }

  lineage(id: string): readonly StoredGrant[] | undefined {
    return lineageOf(id, this);
  }

  spent(id: string): Spent {
    return this.#spent.get(id) ?? NOTHING_SPENT;
  }

  /** A grant that is not here may be one that a token asserts, and only its own revocation says anything about it. */
  isGrantRevoked(id: string): boolean {
    if (this.#revoked.grant.has(id)) return true;
    if (!this.#grants.has(id)) return false;
    const lineage = lineageOf(id, this);
    return lineage === undefined || isLineageRevoked(lineage, this);
  }

  approvalFor(grant: string, hop: string, digest: string, now: number): StoredApproval | undefined {
    return this.#waiting.get(joinKey(grant, hop, digest))?.find(({ expiresAt }) => expiresAt > now);
  }

  approval(id: string): StoredApproval | undefined {
    return this.#approvals.get(id);
  }

  revokedBy(presented: Parameters<Store['revokedBy']>[0]): ReturnType<Store['revokedBy']> {
    return revokedBy(presented, this);
  }

  revocation(kind: RevocationTarget['kind'], key: string): Revocation | undefined {
    return this.#revoked[kind].get(key);
  }

  grants(): Iterable<StoredGrant> {
    return this.#grants.values();
  }

  approvals(): Iterable<StoredApproval> {
    return this.#approvals.values();
  }

  *revocations(): Iterable<Revocation> {
    for (const ofKind of Object.values(this.#revoked)) yield* ofKind.values();
  }

  #joinGrant(grant: StoredGrant): void {
    const known = this.#grants.get(grant.id);
    if (known !== undefined && known.version >= grant.version) return;
    this.#grants.set(grant.id, grant);
    const ofIssuer = this.#held.get(grant.subject.issuer) ?? new Map<string, Held>();
    this.#held.set(grant.subject.issuer, ofIssuer);
    const key = joinKey(grant.subject.id, grant.actor);
    const held = ofIssuer.get(key);
    if (held === undefined) {
      ofIssuer.set(key, { grants: [grant], isOrdered: true });
      return;
    }
    if (known === undefined) held.grants.push(grant);
    else held.grants.splice(held.grants.indexOf(known), 1, grant);
    held.isOrdered = false;
  }

  #joinSpent({ id, calls, amount }: Facts['spent']): void {
    const known = this.spent(id);
    this.#spent.set(id, { calls: Math.max(calls, known.calls), amount: Math.max(amount, known.amount) });
  }

  #joinApproval(approval: StoredApproval): void {
    const known = this.#approvals.get(approval.id);
    if (known?.used === true || (known !== undefined && !approval.used)) return;
    this.#approvals.set(approval.id, approval);
    const key = joinKey(approval.grant, approval.hop, approval.digest);
    const others = (this.#waiting.get(key) ?? []).filter(({ id }) => id !== approval.id);
    const waiting = approval.used ? others : [...others, approval];
    if (waiting.length === 0) this.#waiting.delete(key);
    else this.#waiting.set(key, waiting);
  }

  #joinRevocation(revocation: Revocation): void {
    const { target } = revocation;
    const ofKind = this.#revoked[target.kind];
    const key = revocationKey(target);
    const known = ofKind.get(key)?.target;
    if (known !== undefined && !(known.kind === 'before' && target.kind === 'before' && target.time > known.time)) {
      return;
    }
    ofKind.set(key, revocation);
  }
}

/** By when they were made; ids decide the rest, so that the order does not hang on which came first to us. */
function newestFirst(a: StoredGrant, b: StoredGrant): number {
  return b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1);
}
