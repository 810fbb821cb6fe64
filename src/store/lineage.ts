import type { Ledger } from './ledger.ts';
import type { StoredGrant } from './store.ts';

/** How many grants may descend from each other, the first included. Also ends a walk through a file that was tampered with. */
export const MAX_LINEAGE = 8;

/** The part of a ledger, or of an index, that lineage is read from. */
export type Ancestry = Pick<Ledger, 'grant' | 'revocation'>;

/** The grant, its parent, and so on; undefined where one of them is missing, or there is no end. */
export function lineageOf(id: string, ancestry: Pick<Ancestry, 'grant'>): readonly StoredGrant[] | undefined {
  const lineage: StoredGrant[] = [];
  for (let next: string | undefined = id; next !== undefined; ) {
    const found = ancestry.grant(next);
    if (found === undefined || lineage.length === MAX_LINEAGE) return undefined;
    lineage.push(found);
    next = found.parent;
  }
  return lineage;
}

/** True where any of them is revoked, or was made at or before a cutoff of all or of its subject's issuer (threats C10). */
export function isLineageRevoked(lineage: readonly StoredGrant[], ancestry: Ancestry): boolean {
  const forAll = cutoff(undefined, ancestry);
  return lineage.some(
    ({ id, createdAt, subject }) =>
      ancestry.revocation('grant', id) !== undefined ||
      createdAt <= forAll ||
      createdAt <= cutoff(subject.issuer, ancestry),
  );
}

/** The time of the cutoff for an issuer, or for all. Where there is none, nothing lies at or before it. */
export function cutoff(issuer: string | undefined, ancestry: Pick<Ancestry, 'revocation'>): number {
  const target = ancestry.revocation('before', issuer ?? '')?.target;
  return target?.kind === 'before' ? target.time : Number.NEGATIVE_INFINITY;
}
