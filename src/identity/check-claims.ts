import type { Hop } from '../matrix/hop.ts';
import { Refusal } from '../refusals.ts';
import type { VerifiedToken } from './verify-token.ts';

/**
 * Judges a verified token for one row at one time. Asked on every Check, also for a remembered token.
 * @param now milliseconds since the epoch
 * @throws Refusal (RFC 7519 §4.1, RFC 9068 §4, RFC 6750 §3.1; threats J14–J17)
 */
export function checkClaims({ issuer, claims }: VerifiedToken, credential: Hop['credential'], now: number): void {
  if (issuer.config.issuer !== credential.issuer) {
    throw new Refusal('issuer_unknown', 'iss is not the authority of the row');
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
  // A bound token must not pass as a bearer token (RFC 8705 §3, RFC 9449 §7.1), and nothing here checks bindings yet.
  if (claims.isBound) throw new Refusal('cnf_unsupported', 'the token has cnf');
  for (const scope of credential.scopes) {
    if (!claims.scopes.includes(scope)) {
      throw new Refusal('scope_missing', 'scope does not hold every scope of the row', {
        remediation: `Ask for a token with scope "${credential.scopes.join(' ')}".`,
      });
    }
  }
}
