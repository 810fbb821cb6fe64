import type { Identity } from '../identity/identity.ts';
import type { RoutedHop } from '../matrix/hop.ts';
import { Refusal } from '../refusals.ts';
import type { CheckInput } from '../request/check-input.ts';
import { readGrants } from './authorization-details.ts';
import { requestContext } from './context.ts';
import type { Grant } from './grant.ts';

/**
 * Finds the live grant under which the actor may do this, for this row, on this target, in this context. Delegation,
 * never impersonation: an actor always needs a grant, and a row that demands one refuses a token without an actor
 * (RFC 8693 §1.1; threats A03, A06).
 * @param now milliseconds since the epoch
 * @returns undefined where the subject acts for itself and the row lets it
 * @throws Refusal `actor_missing`, `delegation_forbidden`, `grant_*`, `body_*`
 */
export function delegate(identity: Identity, routed: RoutedHop, input: CheckInput, now: number): Grant | undefined {
  const { mode } = routed.hop.delegation;
  if (identity.actor === undefined) {
    if (mode === 'required') throw new Refusal('actor_missing', 'the token has no act');
    return undefined;
  }
  if (mode === 'forbidden') throw new Refusal('delegation_forbidden', 'the token has act');
  return coveringGrant(identity, routed, input, now);
}

/** The first grant that covers the request; else the refusal of the one that came nearest to it. */
function coveringGrant(identity: Identity, routed: RoutedHop, input: CheckInput, now: number): Grant {
  if (!routed.hop.credential.authority.grants) {
    throw new Refusal('grant_missing', 'the authority of the row may not assert grants');
  }
  const grants = readGrants(identity.token.authorizationDetails);
  let nearest: Refusal | undefined;
  for (const grant of grants) {
    const refusal = shortfall(grant, routed, input, now);
    if (refusal === undefined) return grant;
    if (nearest === undefined || refusal.code === 'grant_expired') nearest = refusal;
  }
  throw nearest ?? new Refusal('grant_missing', 'the token carries no behalf_grant');
}

function shortfall(grant: Grant, routed: RoutedHop, input: CheckInput, now: number): Refusal | undefined {
  const { credential, delegation } = routed.hop;
  if (!grant.actions.includes(delegation.action)) return new Refusal('grant_scope', 'the grant is for other actions');
  if (grant.target !== credential.audience) return new Refusal('grant_scope', 'the grant is for another target');
  for (const [key, source] of Object.entries(delegation.context)) {
    const granted = Object.hasOwn(grant.context, key) ? grant.context[key] : undefined;
    if (granted === undefined || granted !== requestContext(source, input, routed)) {
      return new Refusal('grant_scope', `the grant is for another ${key}`);
    }
  }
  // What the grant narrows and the row does not read cannot be enforced, so it covers nothing here.
  for (const key of Object.keys(grant.context)) {
    if (!Object.hasOwn(delegation.context, key)) return new Refusal('grant_scope', `the row does not read ${key}`);
  }
  if (now / 1000 >= grant.expiresAt) return new Refusal('grant_expired', 'expires_at is past');
  return undefined;
}
