import { Refusal } from '../refusals.ts';
import type { CheckInput } from '../request/check-input.ts';
import type { Store, StoredGrant } from '../store/store.ts';
import { requestedAmount } from './amount.ts';
import { widening } from './narrows.ts';

/** A request as a budget sees it: one use for each action in it. A batch is several. */
export interface Use {
  readonly input: CheckInput;
  readonly actions: number;
}

/**
 * Says why a stored grant is dead: it, or one that it descends from, is revoked, over, wider than its parent, or spent.
 * What memory says is spent is refused here, without a write; the store has the last word (spend.ts).
 * @param now milliseconds since the epoch
 * @returns undefined where it lives
 * @throws Refusal `grant_scope`, `body_*` where the request states no amount that the budget can count
 */
export function deadReason({ id }: StoredGrant, use: Use, store: Store, now: number): Refusal | undefined {
  const line = store.lineage(id);
  if (line === undefined) return new Refusal('grant_missing', 'a grant that this one descends from is missing');
  if (store.isGrantRevoked(id)) return new Refusal('grant_revoked', 'the grant, or one above it, is revoked');
  for (const [index, each] of line.entries()) {
    if (now >= each.expiresAt)
      return new Refusal('grant_expired', 'the time of the grant, or of one above it, is over');
    const above = line[index + 1];
    const wider = above === undefined ? undefined : widening(each, above);
    if (wider !== undefined) return new Refusal('grant_widening', wider);
    if (isSpent(each, use, store))
      return new Refusal('grant_spent', 'the budget of the grant, or of one above it, is spent');
  }
  return undefined;
}

function isSpent({ id, budget }: StoredGrant, { input, actions }: Use, store: Store): boolean {
  if (budget === undefined) return false;
  const { calls, amount } = store.spent(id);
  if (budget.calls !== undefined && calls + actions > budget.calls) return true;
  return budget.amount !== undefined && amount + requestedAmount(budget.amount, input) > budget.amount.limit;
}
