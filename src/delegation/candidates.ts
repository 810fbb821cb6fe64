import type { Actor, Identity } from '../identity/identity.ts';
import type { Hop } from '../matrix/hop.ts';
import { Refusal } from '../refusals.ts';
import type { Store, StoredGrant } from '../store/store.ts';
import { readGrants } from './authorization-details.ts';
import type { Grant } from './grant.ts';

/**
 * A grant that may cover the request. `stored`: what the store has of it. `tokens`: what the token says of it. A row that
 * wants both gets both, and both must cover: that is their intersection.
 */
export interface Candidate {
  readonly grant: Grant;
  readonly stored: StoredGrant | undefined;
  readonly alsoIn: Grant | undefined;
}

/**
 * Gathers the grants that the row accepts: from the store, asserted in the token by an authority that may, or both under
 * one id (design §4).
 * @throws Refusal `grant_missing`, `grant_invalid`
 */
export function* candidates(identity: Identity, actor: Actor, hop: Hop, store: Store): Generator<Candidate> {
  const { grant: source } = hop.delegation;
  if (source === 'stored') {
    for (const stored of store.grantsOf(identity.subject, actor.agent)) {
      yield { grant: grantOf(stored), stored, alsoIn: undefined };
    }
    return;
  }
  if (!hop.credential.authority.grants) {
    throw new Refusal('grant_missing', 'the authority of the row may not assert grants');
  }
  for (const asserted of readGrants(identity.token.authorizationDetails)) {
    if (source === 'token') yield { grant: asserted, stored: undefined, alsoIn: undefined };
    const stored = source === 'both' ? store.grant(asserted.id) : undefined;
    if (stored !== undefined && isFor(stored, identity, actor)) {
      yield { grant: narrower(stored, asserted), stored, alsoIn: asserted };
    }
  }
}

function isFor({ subject, actor: agent }: StoredGrant, identity: Identity, actor: Actor): boolean {
  return subject.id === identity.subject.id && subject.issuer === identity.subject.issuer && agent === actor.agent;
}

function grantOf({ id, task, actions, target, context, budget, expiresAt, version }: StoredGrant): Grant {
  return { id, task, actions, target, context, expiresAt: expiresAt / 1000, version, ...(budget && { budget }) };
}

/** Stored and asserted under one id: what is left of both. */
function narrower(stored: StoredGrant, asserted: Grant): Grant {
  const grant = grantOf(stored);
  return {
    ...grant,
    actions: grant.actions.filter((action) => asserted.actions.includes(action)),
    expiresAt: Math.min(grant.expiresAt, asserted.expiresAt),
  };
}
