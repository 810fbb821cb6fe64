import type { Identity } from '../identity/identity.ts';
import type { Hop } from '../matrix/hop.ts';
import { Refusal, type RefusalCode } from '../refusals.ts';
import type { RevocationTarget, Store } from '../store/store.ts';

/** Past this, a revocation could be missing (design §1.8, §11). */
const MAX_STALENESS_MS = 2000;

const CODES: Readonly<Record<Exclude<RevocationTarget['kind'], 'grant'>, RefusalCode>> = {
  issuer: 'issuer_disabled',
  key: 'key_revoked',
  before: 'token_revoked',
  token: 'token_revoked',
  subject: 'subject_disabled',
  agent: 'actor_disabled',
};

/**
 * Refuses what an operator has revoked: the token, its key, its issuer, the subject, the agent, or everything before a
 * time. Asked on every Check, of memory that the store keeps current, also for a remembered token (threats C06, C10, J27).
 * @throws Refusal `revocation_unavailable` where a row that needs it could miss one, and the codes above
 */
export function requireUnrevoked(identity: Identity, hop: Hop, store: Store): Unrevoked {
  if (needsStore(hop) && !(store.staleness() <= MAX_STALENESS_MS)) {
    throw new Refusal('revocation_unavailable', 'the store was not read for over 2 s');
  }
  const { subject, token } = identity;
  const kind = store.revokedBy({
    tokenId: token.id,
    issuer: token.issuer,
    keyId: token.keyId,
    issuedAt: token.issuedAt * 1000,
    subject,
    agents: identity.agents,
  });
  if (kind !== undefined) throw new Refusal(CODES[kind], `revoked by ${kind}`);
  return 'unrevoked';
}

/** The word of this step, which an allow must show: a step that does nothing must not pass for one that found nothing. */
export type Unrevoked = 'unrevoked';

/** A row needs the store where it promises revocation, or rests on what only the store knows. */
function needsStore({ revocation, delegation, sender, credential }: Hop): boolean {
  const isDelegated = delegation.mode !== 'forbidden';
  return (
    revocation !== undefined ||
    (isDelegated && delegation.grant !== 'token') ||
    sender === 'dpop' ||
    credential.singleUse === true
  );
}
