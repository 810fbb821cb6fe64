import type { Ledger } from './ledger.ts';
import { isLineageRevoked, lineageOf } from './lineage.ts';
import { type SpendResult, type Spent, type StoredApproval, type StoredGrant, StoreError } from './store.ts';
import type { Writes } from './write.ts';

type Spending = Writes['spend']['asked'];

/** What one grant of a lineage will have used. */
interface Charge extends Spent {
  readonly id: string;
}

/**
 * Uses up what one Check uses up: all of it, or nothing. Keys must be new (threats D01); the grant and all that it
 * descends from must be live and have it in their budgets; an approval must be this grant's and unused.
 * @throws StoreError `refused` for a key that would be forgotten at once
 */
export function spend({ once, grant, approval }: Spending, ledger: Ledger, now: number): SpendResult {
  const keys = new Set<string>();
  for (const { key, until } of once) {
    if (!(until > now)) throw new StoreError('refused', 'what is used once must be remembered beyond now');
    if (keys.has(key) || ledger.isUsed(key)) return { ok: false, why: 'replayed', key };
    keys.add(key);
  }
  const charges = grant === undefined ? [] : chargesFor(grant, ledger, now);
  if (typeof charges === 'string') return { ok: false, why: charges };
  const yes = approval === undefined ? undefined : usable(approval, ledger, now);
  if (approval !== undefined && (yes === undefined || yes.grant !== grant?.id)) return { ok: false, why: 'approval' };

  for (const { key, until } of once) ledger.use(key, until);
  for (const charge of charges) ledger.put({ kind: 'spent', value: charge });
  if (yes !== undefined) ledger.put({ kind: 'approval', value: { ...yes, used: true } });
  return { ok: true };
}

function chargesFor(
  { id, calls, amount }: NonNullable<Spending['grant']>,
  ledger: Ledger,
  now: number,
): readonly Charge[] | 'unknown_grant' | 'revoked' | 'expired' | 'budget' {
  const lineage = lineageOf(id, ledger);
  if (lineage === undefined) return 'unknown_grant';
  if (isLineageRevoked(lineage, ledger)) return 'revoked';
  if (!lineage.every(({ expiresAt }) => expiresAt > now)) return 'expired';
  const charges: Charge[] = [];
  for (const grant of lineage) {
    const charge = charged(grant, ledger.spent(grant.id), { calls, amount });
    if (charge === undefined) return 'budget';
    charges.push(charge);
  }
  return charges;
}

/** @returns undefined where the budget does not hold it, or it could not be counted exactly */
function charged({ id, budget }: StoredGrant, spent: Spent, more: Spent): Charge | undefined {
  const calls = spent.calls + more.calls;
  // Without a limit there is no currency, and amounts of several would be added up.
  const amount = spent.amount + (budget?.amount === undefined ? 0 : more.amount);
  if (!Number.isSafeInteger(calls) || !Number.isSafeInteger(amount)) return undefined;
  if (budget?.calls !== undefined && calls > budget.calls) return undefined;
  if (budget?.amount !== undefined && amount > budget.amount.limit) return undefined;
  return { id, calls, amount };
}

function usable(id: string, ledger: Ledger, now: number): StoredApproval | undefined {
  const approval = ledger.approval(id);
  return approval !== undefined && !approval.used && approval.expiresAt > now ? approval : undefined;
}
