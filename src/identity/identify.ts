import type { Hop, Matrix } from '../matrix/hop.ts';
import { Refusal } from '../refusals.ts';
import type { CheckInput } from '../request/check-input.ts';
import { findAgent, readActorChain, resolveActor } from './actor.ts';
import { bearerToken } from './bearer.ts';
import { checkClaims } from './check-claims.ts';
import type { Identity, Peer } from './identity.ts';
import type { Issuers } from './issuers.ts';
import { type VerifiedToken, verifyToken } from './verify-token.ts';

/** What identify needs beside the request. `now` is in milliseconds since the epoch. */
export interface IdentifyParts {
  /** Who holds the connection, proven by the step before. */
  readonly peer: Peer;
  readonly matrix: Matrix;
  readonly issuers: Issuers;
  readonly now: number;
}

/**
 * Answers on whose behalf the peer calls, and binds the two layers: the token's current actor must be the mTLS peer
 * (`sender: peer`; threats A04, A11). Answers synchronously for a remembered token.
 * @throws Refusal
 */
export function identify(input: CheckInput, hop: Hop, parts: IdentifyParts): Identity | Promise<Identity> {
  const token = verifyToken(bearerToken(input), parts.issuers);
  return token instanceof Promise ? token.then((verified) => bind(verified, hop, parts)) : bind(token, hop, parts);
}

function bind(token: VerifiedToken, hop: Hop, { peer, matrix, now }: IdentifyParts): Identity {
  checkClaims(token, hop.credential, now);
  const { claims } = token;
  const { issuer } = token.token;
  const { actor: named, chain } = readActorChain(claims.act, claims.subject, issuer);
  const actor = named === undefined ? undefined : resolveActor(named, hop.credential.authority, matrix);
  requireSender(peer, actor?.id ?? selfId(token, hop, matrix));
  if (!hop.agents.some(({ spiffeId }) => spiffeId === peer.id)) {
    throw new Refusal('agent_not_permitted', 'the row does not name the agent of the caller');
  }
  return { peer, subject: token.subject, actor, chain, token: token.token };
}

/**
 * Without `act` the subject acts for itself. Where the row demands delegation, `delegate` says `actor_missing`.
 * An IdP may let people choose their `sub` (RFC 9068 §5): a client id there names the agent only where the token was
 * issued to that very client.
 */
function selfId({ claims, token }: VerifiedToken, hop: Hop, matrix: Matrix): string | undefined {
  if (hop.delegation.mode === 'required') return undefined;
  const id = claims.subject;
  const agent = findAgent({ id, issuer: token.issuer }, hop.credential.authority, matrix);
  const isProven = agent?.spiffeId === id || claims.clientId === id;
  return agent !== undefined && isProven ? agent.spiffeId : '';
}

/** Design §1.1: the token's current actor must be the mTLS peer. `undefined`: there is nobody to compare yet. */
function requireSender(peer: Peer, sender: string | undefined): void {
  if (sender !== undefined && sender !== peer.id) {
    throw new Refusal('actor_peer_mismatch', 'the actor of the token is not the mTLS peer');
  }
}
