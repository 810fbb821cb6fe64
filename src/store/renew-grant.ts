import { widening } from '../delegation/narrows.ts';
import type { Ledger } from './ledger.ts';
import { isLineageRevoked, lineageOf } from './lineage.ts';
import { type StoredGrant, StoreError } from './store.ts';
import type { Writes } from './write.ts';

/**
 * Gives a grant more time. Never less: its children were made to end before it, and revoking is how a grant ends early.
 * `createdAt` stays, so no renewal escapes a cutoff.
 * @throws StoreError `refused`
 */
export function renewGrant({ id, expiresAt }: Writes['renewGrant']['asked'], ledger: Ledger, now: number): StoredGrant {
  const lineage = lineageOf(id, ledger);
  const grant = lineage?.[0];
  if (lineage === undefined || grant === undefined) throw refused('there is no such grant');
  if (isLineageRevoked(lineage, ledger)) throw refused('the grant is revoked: create another one');
  if (!(expiresAt > now)) throw refused('expiresAt is past: choose a time in the future');
  if (expiresAt < grant.expiresAt) throw refused('a renewal gives more time, not less: revoke a grant to end it');
  const renewed = { ...grant, expiresAt, version: grant.version + 1 };
  const parent = lineage[1];
  const wider = parent && widening(renewed, parent);
  if (wider !== undefined) throw refused(`the child ${wider}: renew the parent first`);
  ledger.put({ kind: 'grant', value: renewed });
  return renewed;
}

function refused(message: string): StoreError {
  return new StoreError('refused', message);
}
