import type { Agent, Authority, Matrix } from '../matrix/hop.ts';
import { Refusal } from '../refusals.ts';
import type { Actor, PastActor } from './identity.ts';

/** The actor now, and the actors before it, newest first. */
export interface ActorChain {
  readonly actor: PastActor | undefined;
  readonly chain: readonly PastActor[];
}

const MAX_DEPTH = 8;
const NO_ACTOR: ActorChain = Object.freeze({ actor: undefined, chain: Object.freeze([]) });

/**
 * Reads the `act` claim (RFC 8693 §4.1): an object, its `act` the actor before it. Only the outermost one authorises;
 * the rest is history. `exp`, `nbf` and `aud` mean nothing inside it (threats A02, A05).
 * @throws Refusal `actor_chain_invalid`: not an object, no `sub`, deeper than 8, a loop, or the subject acting for itself
 */
export function readActorChain(act: unknown, subject: string, issuer: string): ActorChain {
  if (act === undefined) return NO_ACTOR;
  const actors: PastActor[] = [];
  for (let link: unknown = act; link !== undefined; link = (link as { act?: unknown }).act) {
    if (actors.length === MAX_DEPTH) throw invalid('is deeper than 8');
    if (typeof link !== 'object' || link === null || Array.isArray(link)) throw invalid('is not an object');
    const { sub, iss } = link as { sub?: unknown; iss?: unknown };
    if (typeof sub !== 'string' || sub === '') throw invalid('has no sub');
    if (iss !== undefined && (typeof iss !== 'string' || iss === '')) throw invalid('has a malformed iss');
    const actor = { id: sub, issuer: iss ?? issuer };
    if (actor.id === subject && actor.issuer === issuer) throw invalid('names the subject itself');
    if (actors.some(({ id, issuer: by }) => id === actor.id && by === actor.issuer)) throw invalid('is a loop');
    actors.push(actor);
  }
  const [actor, ...chain] = actors;
  return { actor, chain };
}

/**
 * Finds the agent of the matrix that an identity names: by SPIFFE ID, or by the client id that the token's authority
 * has for it. A client id counts only when that authority itself named it.
 */
export function findAgent(named: PastActor, authority: Authority, matrix: Matrix): Agent | undefined {
  return matrix.agents.find(
    ({ spiffeId, clientIds }) =>
      spiffeId === named.id ||
      (named.issuer === authority.issuer &&
        Object.hasOwn(clientIds, authority.name) &&
        clientIds[authority.name] === named.id),
  );
}

/** @throws Refusal `actor_unknown` */
export function resolveActor(named: PastActor, authority: Authority, matrix: Matrix): Actor {
  const agent = findAgent(named, authority, matrix);
  if (agent === undefined) throw new Refusal('actor_unknown', 'act.sub is no agent of the matrix');
  return { id: agent.spiffeId, agent: agent.name, issuer: named.issuer };
}

function invalid(why: string): Refusal {
  return new Refusal('actor_chain_invalid', `act ${why}`);
}
