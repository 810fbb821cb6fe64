import { widening } from '../delegation/narrows.ts';
import type { Ledger } from './ledger.ts';
import { isLineageRevoked, lineageOf, MAX_LINEAGE } from './lineage.ts';
import { type StoredGrant, StoreError } from './store.ts';
import type { Writes } from './write.ts';

/** Keeps a new grant. A child must narrow a parent that is live (threats A07). @throws StoreError `refused` */
export function createGrant(asked: Writes['createGrant']['asked'], ledger: Ledger, now: number): StoredGrant {
  const grant: StoredGrant = {
    ...asked,
    budget: asked.budget,
    parent: asked.parent,
    createdAt: now,
    version: 1,
  };
  if (ledger.grant(grant.id) !== undefined) throw refused('there is a grant with this id already: choose another id');
  if (!(grant.expiresAt > now)) throw refused('expiresAt is past: choose a time in the future');
  // Otherwise an id that was revoked, or a cutoff that lies ahead, makes a grant that was never live.
  if (isLineageRevoked([grant], ledger)) throw refused('a grant with this id, or made now, is revoked already');
  if (grant.parent !== undefined) requireNarrower(grant, grant.parent, ledger, now);
  ledger.put({ kind: 'grant', value: grant });
  return grant;
}

function requireNarrower(grant: StoredGrant, parentId: string, ledger: Ledger, now: number): void {
  const lineage = lineageOf(parentId, ledger);
  const parent = lineage?.[0];
  if (lineage === undefined || parent === undefined) {
    throw refused('its parent is not in this store: create the parent first, or leave it out');
  }
  if (lineage.length >= MAX_LINEAGE) throw refused(`no more than ${MAX_LINEAGE} grants may descend from each other`);
  if (isLineageRevoked(lineage, ledger)) throw refused('its parent, or what that descends from, is revoked');
  if (!lineage.every(({ expiresAt }) => expiresAt > now))
    throw refused('its parent has expired: renew the parent first');
  const wider = widening(grant, parent);
  if (wider !== undefined) throw refused(`the child ${wider}: a child may only narrow`);
}

function refused(message: string): StoreError {
  return new StoreError('refused', message);
}
