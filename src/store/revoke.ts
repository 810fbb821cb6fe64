import type { Ledger } from './ledger.ts';
import { revocationKey } from './revocation-key.ts';
import { type Revocation, StoreError } from './store.ts';
import type { Writes } from './write.ts';

/** A cutoff may lie a little ahead, for issuers whose clock does; further ahead it is a slip that nothing could undo. */
const MAX_AHEAD_MS = 300_000;

/**
 * Revokes, for good: there is no way back, and the strictest stays (threats C10). What is not known here may be revoked
 * too: tokens never are, and grants may be asserted in tokens.
 * @returns the revocation that covers the target: an earlier one, where that already does
 * @throws StoreError `refused`
 */
export function revoke({ target, by, reason }: Writes['revoke']['asked'], ledger: Ledger, now: number): Revocation {
  if (target.kind === 'before' && target.time > now + MAX_AHEAD_MS) {
    throw new StoreError('refused', 'the time lies in the future: a revocation is for what was issued until now');
  }
  const known = ledger.revocation(target.kind, revocationKey(target));
  if (known !== undefined && covers(known.target, target)) return known;
  const revocation: Revocation = { target, at: now, by, reason };
  ledger.put({ kind: 'revocation', value: revocation });
  return revocation;
}

function covers(known: Revocation['target'], target: Revocation['target']): boolean {
  return known.kind !== 'before' || target.kind !== 'before' || known.time >= target.time;
}
