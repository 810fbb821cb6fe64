import { Refusal } from '../refusals.ts';
import type { TokenClaims } from './claims.ts';
import type { PastActor } from './identity.ts';

/**
 * Honours `may_act` (RFC 8693 §4.4): where the token says who may act for its subject, the actor is exactly that party, by
 * issuer and `sub`, by `client_id`, or by both where both are given. What cannot be read permits nobody (threats A08).
 * @param actor the outermost actor
 * @param issuer of the token: whose `sub` it is where `may_act` has no `iss`
 * @throws Refusal `may_act_mismatch`
 */
export function requireMayAct(
  { act, mayAct }: Pick<TokenClaims, 'act' | 'mayAct'>,
  actor: PastActor,
  issuer: string,
): void {
  if (mayAct === undefined) return;
  if (typeof mayAct !== 'object' || mayAct === null || Array.isArray(mayAct)) throw mismatch('is not an object');
  const { sub, iss = issuer, client_id: client } = mayAct as Record<string, unknown>;
  if (sub === undefined && client === undefined) throw mismatch('names nobody');
  if (sub !== undefined && (sub !== actor.id || iss !== actor.issuer)) throw mismatch('names another sub');
  const { client_id: actingClient = actor.id } = act as Record<string, unknown>;
  if (client !== undefined && (client !== actingClient || iss !== actor.issuer)) throw mismatch('names another client');
}

function mismatch(why: string): Refusal {
  return new Refusal('may_act_mismatch', `may_act ${why}`);
}
