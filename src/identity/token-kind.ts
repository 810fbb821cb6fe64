import { Refusal } from '../refusals.ts';

/** Claims that only tokens of other kinds have: ID tokens (OIDC Core §3.1.3.6, §3.3.2.11), logout tokens and other security
 * events (RFC 8417), SD-JWTs (RFC 9901), DPoP proofs. */
const FOREIGN = ['at_hash', 'c_hash', 's_hash', 'events', '_sd', '_sd_alg', 'htm', 'htu', 'ath'];
/** What Keycloak writes into a `typ` claim, where the `typ` header of all its tokens is `JWT`. */
const FOREIGN_TYPES = ['id', 'refresh', 'offline', 'logout'];

/**
 * Refuses what is signed by the issuer but is no access token. Where issuers write `typ: JWT` on all they sign, the header
 * does not tell kinds apart, and one kind must never pass as another (RFC 8725 §3.12; threats J18).
 * @throws Refusal `token_type_mismatch`
 */
export function requireAccessToken(payload: Readonly<Record<string, unknown>>): void {
  const { typ } = payload;
  const isForeign = typeof typ === 'string' && FOREIGN_TYPES.includes(typ.toLowerCase());
  if (isForeign || FOREIGN.some((name) => Object.hasOwn(payload, name))) {
    throw new Refusal('token_type_mismatch', 'its claims are those of another kind of token');
  }
}
