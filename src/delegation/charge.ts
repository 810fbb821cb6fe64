import type { Spending, Store, StoredGrant } from '../store/store.ts';
import { requestedAmount } from './amount.ts';
import type { Use } from './liveness.ts';

/**
 * What one request charges a stored grant, and all above it; undefined where none of them has a budget.
 * @throws Refusal `grant_scope`, `body_*` where the request states no amount that the budget can count
 */
export function chargeOf(stored: StoredGrant, { input, actions }: Use, store: Store): Spending['grant'] {
  const budgets = store.lineage(stored.id)?.flatMap(({ budget }) => budget ?? []) ?? [];
  if (budgets.length === 0) return undefined;
  const counted = budgets.find(({ amount }) => amount !== undefined)?.amount;
  return { id: stored.id, calls: actions, amount: counted === undefined ? 0 : requestedAmount(counted, input) };
}
