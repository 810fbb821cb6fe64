import { hash } from 'node:crypto';
import { compactVerify } from 'jose';
import { Refusal } from '../refusals.ts';
import { readClaims, type TokenClaims } from './claims.ts';
import type { Identity } from './identity.ts';
import type { Issuer, Issuers } from './issuers.ts';
import { parseJws, type UnverifiedJws } from './jws.ts';

/** A token whose signature, issuer, algorithm, key, type and claim types were proven. Row and time are not judged. */
export interface VerifiedToken {
  readonly issuer: Issuer;
  readonly claims: TokenClaims;
  /** Made once for each token, because most tokens are seen more than once. */
  readonly subject: Identity['subject'];
  readonly token: Identity['token'];
  /** The issuer's key epoch at the time: a key that is gone takes its verdicts with it. */
  readonly keysEpoch: number;
  /** When the verdict must be reached anew, by the monotonic clock of the issuers. */
  readonly staleAt: number;
  /** What remembering it may cost, in bytes. */
  readonly size: number;
}

const KEPT_MS = 30_000;
/** What a verdict costs beside the text of its claims: its objects, its place in the cache. */
const OVERHEAD = 1024;

/**
 * Verifies a token, or recalls that it was verified: synchronously in the second case. The key of a verdict is the
 * SHA-256 of the whole token; it is kept for 30 s, and only while the issuer's keys are the same. The 30 s are of a
 * monotonic clock, which nobody can set back; `exp` is judged by the wall clock on every hit (check-claims.ts), so that
 * together a verdict serves for min(`exp`, 30 s) (design §11, threats J27).
 * @throws Refusal
 */
export function verifyToken(token: string, issuers: Issuers): VerifiedToken | Promise<VerifiedToken> {
  const key = hash('sha256', token, 'base64');
  const known = issuers.verified.get(key);
  if (known !== undefined && issuers.now() < known.staleAt && known.keysEpoch === known.issuer.keys.epoch) return known;
  return verifyAnew(token, issuers).then((verdict) => {
    issuers.verified.set(key, verdict);
    return verdict;
  });
}

async function verifyAnew(token: string, issuers: Issuers): Promise<VerifiedToken> {
  const jws = parseJws(token);
  const issuer = issuers.get(jws.issuer);
  if (issuer === undefined) throw new Refusal('issuer_unknown', 'iss is not a configured issuer');
  const { algorithms, tokenTypes, scopeClaim = 'scope' } = issuer.config;
  // The algorithm is the issuer's to fix, never the token's to choose (RFC 8725 §3.1; threats J01, J02).
  if (!algorithms.includes(jws.alg)) throw new Refusal('alg_not_allowed', 'alg is not one of the issuer');
  // RFC 8725 §3.11, RFC 9068 §4: an ID token must never pass as an access token (threats J18).
  if (!tokenTypes.includes(jws.typ)) throw new Refusal('token_type_mismatch', 'typ is not one of the issuer');
  const { key, epoch: keysEpoch } = await issuer.keys.find(jws.kid, jws.alg);
  try {
    await compactVerify(token, key, { algorithms: [jws.alg] });
  } catch (error) {
    throw new Refusal('token_signature_invalid', 'the signature does not verify', { cause: error });
  }
  const claims = readClaims(jws.payload, scopeClaim);
  return {
    issuer,
    claims,
    subject: { id: claims.subject, issuer: jws.issuer, claims: claims.others },
    token: tokenFacts(jws, claims),
    keysEpoch,
    staleAt: issuers.now() + KEPT_MS,
    size: token.length + OVERHEAD,
  };
}

function tokenFacts({ issuer, typ }: UnverifiedJws, claims: TokenClaims): Identity['token'] {
  const { audience, scopes, expiresAt, authorizationDetails } = claims;
  return { issuer, type: typ, audience, scopes, expiresAt, authorizationDetails };
}
