import type { Ledger } from './ledger.ts';
import { isLineageRevoked, lineageOf } from './lineage.ts';
import { type StoredApproval, StoreError } from './store.ts';
import type { Writes } from './write.ts';

/** Keeps a person's yes, for one use under a live grant. Its approver is never the actor. @throws StoreError `refused` */
export function approve(asked: Writes['approve']['asked'], ledger: Ledger, now: number): StoredApproval {
  if (ledger.approval(asked.id) !== undefined) {
    throw refused('there is an approval with this id already: choose another id');
  }
  if (!(asked.expiresAt > now)) throw refused('expiresAt is past: choose a time in the future');
  const lineage = lineageOf(asked.grant, ledger);
  if (lineage === undefined) throw refused('there is no such grant');
  if (isLineageRevoked(lineage, ledger)) throw refused('the grant is revoked');
  if (!lineage.every(({ expiresAt }) => expiresAt > now)) throw refused('the grant has expired: renew it first');
  // Also no agent that the task was handed down from: it would approve its own task.
  if (lineage.some(({ actor }) => actor === asked.approver)) throw refused('the actor cannot approve its own action');
  const approval: StoredApproval = { ...asked, at: now, used: false };
  ledger.put({ kind: 'approval', value: approval });
  return approval;
}

function refused(message: string): StoreError {
  return new StoreError('refused', message);
}
