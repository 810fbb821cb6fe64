import type { OneUse } from '../identity/identity.ts';
import { Refusal, type RefusalCode } from '../refusals.ts';
import { type Spending, type SpendResult, type Store, StoreError } from '../store/store.ts';

const CODES: Readonly<Record<Exclude<Extract<SpendResult, { ok: false }>['why'], 'replayed'>, RefusalCode>> = {
  budget: 'grant_spent',
  approval: 'approval_required',
  revoked: 'grant_revoked',
  expired: 'grant_expired',
  unknown_grant: 'grant_missing',
};

/** The word of this step, which an allow must show where there was something to spend. */
export type Spent = 'spent';

/**
 * Uses up what serves once or up to a limit, after everything else has permitted the request: all of it, or nothing, in
 * one durable write (threats D01, D02, D09). What the store cannot say is denied; nothing is remembered in memory instead.
 * @throws Refusal `dpop_replayed`, `token_replayed`, `grant_*`, `approval_required`, `replay_store_unavailable`,
 *   `spend_unavailable`
 */
export async function spend(spending: Spending, once: readonly OneUse[], store: Store): Promise<Spent> {
  let result: SpendResult;
  try {
    result = await store.spend(spending);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    const code = once.length > 0 ? 'replay_store_unavailable' : 'spend_unavailable';
    throw new Refusal(code, 'the store did not take the write', { cause: error });
  }
  if (result.ok === true) return 'spent';
  if (result.why === 'replayed') {
    const { key } = result;
    const isToken = once.some((use) => use.key === key && use.kind === 'token');
    throw new Refusal(isToken ? 'token_replayed' : 'dpop_replayed', 'it was used before');
  }
  throw new Refusal(CODES[result.why], 'the store says so, as the last to be asked');
}
