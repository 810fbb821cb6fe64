import { approve } from './approve.ts';
import { createGrant } from './create-grant.ts';
import type { Ledger } from './ledger.ts';
import { renewGrant } from './renew-grant.ts';
import { revoke } from './revoke.ts';
import { spend } from './spend.ts';
import type { Answer, Write } from './write.ts';

/**
 * Carries one checked write out, over any store's ledger: the one place that says what a write means. It judges first and
 * changes then, so that a refused write has changed nothing.
 * @throws StoreError `refused`
 */
export function perform(write: Write, ledger: Ledger): Answer {
  switch (write.op) {
    case 'createGrant':
      return createGrant(write.asked, ledger, write.now);
    case 'renewGrant':
      return renewGrant(write.asked, ledger, write.now);
    case 'approve':
      return approve(write.asked, ledger, write.now);
    case 'revoke':
      return revoke(write.asked, ledger, write.now);
    case 'spend':
      return spend(write.asked, ledger, write.now);
    default:
      return write satisfies never;
  }
}
