import type { Hop, Matrix } from '../matrix/hop.ts';
import { Refusal } from '../refusals.ts';
import type { CheckInput } from '../request/check-input.ts';
import { findAgent, readActorChain, resolveActor } from './actor.ts';
import { presentedToken } from './bearer.ts';
import { checkClaims } from './check-claims.ts';
import { digest } from './digest.ts';
import type { DpopRules } from './dpop-rules.ts';
import type { Identity, OneUse, PastActor, Peer } from './identity.ts';
import type { Issuers } from './issuers.ts';
import { requireMayAct } from './may-act.ts';
import { mtlsOnlyIdentity } from './mtls-only.ts';
import { requireScopes } from './scopes.ts';
import { requireSender } from './sender.ts';
import { requireTenant } from './tenant.ts';
import { type VerifiedToken, verifyToken } from './verify-token.ts';

/** What identify needs beside the request. `now` is in milliseconds since the epoch. */
export interface IdentifyParts {
  /** Who holds the connection, proven by the step before. */
  readonly peer: Peer;
  readonly matrix: Matrix;
  readonly issuers: Issuers;
  readonly dpop: DpopRules;
  readonly now: number;
}

/**
 * Answers on whose behalf the peer calls, and binds the two layers: the token's current actor must be the mTLS peer
 * (threats A04, A11), and a bound token must be in the hands that it is bound to. Answers synchronously for a remembered
 * token without a DPoP proof.
 * @throws Refusal
 */
export function identify(input: CheckInput, hop: Hop, parts: IdentifyParts): Identity | Promise<Identity> {
  const { peer, dpop, now } = parts;
  const presented = presentedToken(input, hop.credential.type);
  if (presented === undefined) return mtlsOnlyIdentity(hop, peer, now);
  const bind = (token: VerifiedToken): Identity | Promise<Identity> => {
    checkClaims(token, hop.credential, now);
    const once = requireSender(presented, token, input, { peer, sender: hop.sender, dpop, now });
    return once instanceof Promise
      ? once.then((uses) => identityOf(token, uses, hop, parts))
      : identityOf(token, once, hop, parts);
  };
  const token = verifyToken(presented.token, parts.issuers, { hop, peer });
  return token instanceof Promise ? token.then(bind) : bind(token);
}

function identityOf(
  token: VerifiedToken,
  once: readonly OneUse[],
  hop: Hop,
  { peer, matrix }: IdentifyParts,
): Identity {
  const { claims } = token;
  const { issuer } = token.token;
  requireScopes(claims.scopes, hop.credential);
  const { actor: named, chain } = readActorChain(claims.act, claims.subject, issuer);
  const actor = named && resolveActor(proven(named, chain, token, matrix), hop.credential.authority, matrix);
  const self = actor === undefined ? selfOf(token, hop, matrix) : undefined;
  requireCaller(peer, actor?.id ?? self?.id, hop);
  const acting = actor?.agent ?? self?.agent;
  const agents =
    (actor?.id ?? self?.id) === peer.id && acting !== undefined ? [acting] : involved(acting, peer, matrix);
  const uses = hop.credential.singleUse === true ? [...once, useOf(token)] : once;
  return { peer, subject: token.subject, actor, chain, agents, token: token.token, once: uses };
}

/** A token that serves one request: remembered by its id for as long as it could be sent again. */
function useOf({ token, issuer }: VerifiedToken): OneUse {
  const until = (token.expiresAt + issuer.config.clockSkew) * 1000;
  return { kind: 'token', key: digest('single-use', token.id), until };
}

/** Who acts, and who carries the token where that is somebody else, or where nobody is known to act. */
function involved(acting: string | undefined, peer: Peer, matrix: Matrix): readonly string[] {
  const carrier = matrix.agents.find(({ spiffeId }) => spiffeId === peer.id)?.name;
  return [acting, carrier].filter((name) => name !== undefined);
}

/** The outermost actor, once the token itself agrees that it may act for this subject. */
function proven(actor: PastActor, chain: readonly PastActor[], token: VerifiedToken, matrix: Matrix): PastActor {
  const { claims } = token;
  const { issuer } = token.token;
  requireTenant(claims, [actor, ...chain], issuer, matrix);
  requireMayAct(claims, actor, issuer);
  return actor;
}

/**
 * Without `act` the subject acts for itself. Where the row demands delegation, `delegate` says `actor_missing`.
 * An IdP may let people choose their `sub` (RFC 9068 §5): a client id there names the agent only where the token was
 * issued to that very client.
 */
function selfOf(
  { claims, token }: VerifiedToken,
  hop: Hop,
  matrix: Matrix,
): { id: string; agent?: string } | undefined {
  if (hop.delegation.mode === 'required') return undefined;
  const id = claims.subject;
  const agent = findAgent({ id, issuer: token.issuer }, hop.credential.authority, matrix);
  const isProven = agent?.spiffeId === id || claims.clientId === id;
  return agent !== undefined && isProven ? { id: agent.spiffeId, agent: agent.name } : { id: '' };
}

/**
 * Design §1.1: who acts by the token must be the mTLS peer, also where the token is bound to a key besides. Only a row with
 * `sender: none`, which an exception must own, lets another workload carry it; then the agent that acts is the one that the
 * row must name.
 * @param acting undefined where there is nobody to compare yet
 */
function requireCaller(peer: Peer, acting: string | undefined, hop: Hop): void {
  if (hop.sender !== 'none' && acting !== undefined && acting !== peer.id) {
    throw new Refusal('actor_peer_mismatch', 'the actor of the token is not the mTLS peer');
  }
  const caller = hop.sender === 'none' ? acting : peer.id;
  if (caller !== undefined && !hop.agents.some(({ spiffeId }) => spiffeId === caller)) {
    throw new Refusal('agent_not_permitted', 'the row does not name the agent of the caller');
  }
}
