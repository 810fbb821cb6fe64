import type { Hop } from '../matrix/hop.ts';
import { Refusal } from '../refusals.ts';
import type { VerifiedToken } from './verify-token.ts';

/** The one type of token that only its own rows take, and that no other row takes (Transaction Tokens, draft §8.1). */
const TRANSACTION_TOKEN = 'txntoken+jwt';

/**
 * Judges a verified token for one row at one time. Asked on every Check, also for a remembered token. What it is bound to,
 * and its scopes, are judged after it (sender.ts, scopes.ts).
 * @param now milliseconds since the epoch
 * @throws Refusal (RFC 7519 §4.1, RFC 9068 §4; threats J14–J18)
 */
export function checkClaims(
  { issuer, claims, token }: VerifiedToken,
  credential: Hop['credential'],
  now: number,
): void {
  if (issuer.config.issuer !== credential.issuer) {
    throw new Refusal('issuer_unknown', 'iss is not the authority of the row');
  }
  if ((token.type === TRANSACTION_TOKEN) !== (credential.type === 'transaction-token')) {
    throw new Refusal('token_type_mismatch', 'the type of the token is not that of the row');
  }
  const seconds = now / 1000;
  const skew = issuer.config.clockSkew;
  if (seconds >= claims.expiresAt + skew) throw new Refusal('token_expired', 'exp is past');
  if (Math.max(claims.notBefore ?? 0, claims.issuedAt) > seconds + skew) {
    throw new Refusal('token_not_yet_valid', 'nbf or iat is in the future');
  }
  if (claims.expiresAt - claims.issuedAt > credential.maxLifetime) {
    throw new Refusal('token_lifetime_too_long', 'exp - iat is over the maxLifetime of the row');
  }
  if (!claims.audience.includes(credential.audience)) {
    throw new Refusal('aud_mismatch', 'aud does not hold the audience of the row');
  }
}
