import { hash } from 'node:crypto';
import { compactVerify } from 'jose';
import type { Hop } from '../matrix/hop.ts';
import { Refusal } from '../refusals.ts';
import { readClaims, type TokenClaims } from './claims.ts';
import type { Identity, Peer } from './identity.ts';
import type { Issuer, Issuers } from './issuers.ts';
import { parseJws } from './jws.ts';
import { type TokenMark, tokenId } from './token-id.ts';
import { requireAccessToken } from './token-kind.ts';

/**
 * A token whose signature, issuer, algorithm, key, type and claim types were proven, or of which its issuer said what it
 * means. Row, time and binding are not judged.
 */
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

/** On which row a token was presented, and by whom: to whom an opaque one may be shown. */
export interface Presented {
  readonly hop: Pick<Hop, 'credential' | 'sender' | 'agents'>;
  readonly peer: Peer;
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
export function verifyToken(
  token: string,
  issuers: Issuers,
  presented: Presented,
): VerifiedToken | Promise<VerifiedToken> {
  const key = hash('sha256', token, 'base64');
  const known = issuers.verified.get(key);
  if (known !== undefined && issuers.now() < known.staleAt && known.keysEpoch === known.issuer.keys.epoch) return known;
  const verdict = isJws(token) ? verifyAnew(token, issuers) : introspectAnew(token, key, issuers, presented);
  return verdict.then((reached) => {
    issuers.verified.set(key, reached);
    return reached;
  });
}

/** A compact JWS has two dots; whatever else it may be, nobody is asked about it. */
function isJws(token: string): boolean {
  return token.split('.', 4).length === 3;
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
  const { key, kid: keyId, epoch: keysEpoch } = await issuer.keys.find(jws.kid, jws.alg);
  try {
    await compactVerify(token, key, { algorithms: [jws.alg] });
  } catch (error) {
    throw new Refusal('token_signature_invalid', 'the signature does not verify', { cause: error });
  }
  requireAccessToken(jws.payload);
  const claims = readClaims(jws.payload, scopeClaim);
  const mark = claims.jti === undefined ? { signed: token.slice(0, token.lastIndexOf('.')) } : { jti: claims.jti };
  const facts = { type: jws.typ, keyId, mark, keysEpoch, size: token.length };
  return verdictOn(issuer, claims, facts, issuers);
}

/** An opaque token means what its issuer says it means (RFC 7662), where one issuer is configured to be asked. */
async function introspectAnew(
  token: string,
  key: string,
  issuers: Issuers,
  presented: Presented,
): Promise<VerifiedToken> {
  const { introspector } = issuers;
  if (introspector === undefined)
    throw new Refusal('token_format', 'the token is no compact JWS, and no issuer is asked');
  requireMayAsk(introspector.issuer, presented);
  const { issuer, payload, size } = await introspector.ask(token, key, presented.peer.id);
  const claims = readClaims(payload, issuer.config.scopeClaim ?? 'scope');
  const mark = claims.jti === undefined ? { opaque: token } : { jti: claims.jti };
  const facts = { type: 'introspected', keyId: undefined, mark, keysEpoch: issuer.keys.epoch, size };
  return verdictOn(issuer, claims, facts, issuers);
}

/**
 * A question gives the token away, and takes one of few places. So nobody but the authority of the row is shown it
 * (threats J05), and callers that the row would refuse anyway do not make us ask (threats J20).
 */
function requireMayAsk(asked: string, { hop: { credential, sender, agents }, peer }: Presented): void {
  if (credential.type === 'transaction-token') {
    throw new Refusal('token_format', 'a transaction token is a JWT, and this is none');
  }
  if (credential.issuer !== asked) {
    throw new Refusal('issuer_unknown', 'the authority of the row is not the issuer that is asked about opaque tokens');
  }
  if (sender !== 'none' && !agents.some(({ spiffeId }) => spiffeId === peer.id)) {
    throw new Refusal('agent_not_permitted', 'the row does not name the agent of the caller');
  }
}

interface Facts {
  readonly type: string;
  readonly keyId: string | undefined;
  readonly mark: TokenMark;
  readonly keysEpoch: number;
  readonly size: number;
}

function verdictOn(issuer: Issuer, claims: TokenClaims, facts: Facts, issuers: Issuers): VerifiedToken {
  const { issuer: name } = issuer.config;
  const { audience, scopes, expiresAt, issuedAt, authorizationDetails } = claims;
  const { type, keyId, mark, keysEpoch, size } = facts;
  const id = tokenId(name, mark);
  return {
    issuer,
    claims,
    subject: { id: claims.subject, issuer: name, claims: claims.others },
    token: { issuer: name, type, audience, scopes, expiresAt, issuedAt, id, keyId, authorizationDetails },
    keysEpoch,
    staleAt: issuers.now() + KEPT_MS,
    size: size + OVERHEAD,
  };
}
