import { joinKey } from './join-key.ts';
import { type Ancestry, cutoff } from './lineage.ts';
import type { Presented, Store } from './store.ts';

/** Says by which kind of revocation something presented is covered: the widest first, of all that there are (threats C10). */
export function revokedBy(
  { tokenId, issuer, keyId, issuedAt, subject, agents }: Presented,
  known: Pick<Ancestry, 'revocation'>,
): ReturnType<Store['revokedBy']> {
  const has = (kind: 'issuer' | 'key' | 'token' | 'subject' | 'agent', key: string) =>
    known.revocation(kind, key) !== undefined;
  if (has('issuer', issuer)) return 'issuer';
  if (keyId !== undefined && has('key', joinKey(issuer, keyId))) return 'key';
  // Written so that NaN is covered.
  const isBefore = (time: number) => time !== Number.NEGATIVE_INFINITY && !(issuedAt > time);
  if (isBefore(cutoff(undefined, known)) || isBefore(cutoff(issuer, known))) return 'before';
  if (has('token', tokenId)) return 'token';
  if (has('subject', joinKey(subject.issuer, subject.id))) return 'subject';
  if (agents.some((name) => has('agent', name))) return 'agent';
  return undefined;
}
