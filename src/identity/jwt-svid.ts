import type { KeyObject } from 'node:crypto';
import { type CompactVerifyResult, compactVerify } from 'jose';
import { Refusal } from '../refusals.ts';
import { parseStrictJson } from '../strict-json.ts';
import type { Peer } from './identity.ts';
import type { JwtBundle, SignedSvid } from './jwt-bundle.ts';
import { parseSpiffeId } from './spiffe-id.ts';

export interface JwtSvidParts {
  /** Who we are to the workload: must be among `aud`. */
  readonly audience: string;
  readonly bundles: ReadonlyMap<string, JwtBundle>;
  readonly trustDomains: ReadonlySet<string>;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** JWT-SVID §2: these and no others; EdDSA and HMAC are not among them. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512'];
const TYPES: readonly unknown[] = [undefined, 'JWT', 'JOSE'];
const FORBIDDEN = ['jwk', 'jku', 'x5u', 'x5c', 'crit', 'b64'];
/** JWT-SVID §3.3 wants them short-lived; in seconds. What nobody can revoke must end by itself. */
const MAX_LIFE = 3600;
/** How far the clock of who issued it may be ahead of ours, in seconds. It never makes one live longer. */
const SKEW = 30;
const MAX_TOKEN = 8 * 1024;
const LIMITS = { depth: 8, members: 64, values: 256 };
const COMPACT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;

/**
 * Verifies a JWT-SVID: not an access token, so it has its own validator (SPIFFE JWT-SVID; threats S16). The trust domain
 * of `sub` is accepted before its keys are looked up, so that no key of one domain speaks for another.
 * @throws Refusal `jwt_svid_invalid`, `spiffe_id_invalid`, `trust_domain_unknown`, `aud_mismatch`
 */
export async function verifyJwtSvid(token: string, parts: JwtSvidParts): Promise<Peer> {
  const { subject, kid } = readUnverified(token);
  const spiffeId = parseSpiffeId(subject);
  if (spiffeId === undefined) throw new Refusal('spiffe_id_invalid', 'sub of the JWT-SVID is not the ID of a workload');
  const { id, trustDomain } = spiffeId;
  if (!parts.trustDomains.has(trustDomain)) {
    throw new Refusal('trust_domain_unknown', 'the trust domain of the JWT-SVID is not one that the matrix names');
  }
  const bundle = parts.bundles.get(trustDomain);
  const key = bundle?.keys.get(kid);
  if (bundle === undefined || key === undefined) throw invalid('no key of its trust domain has its kid');
  let svid = bundle.verified.get(token);
  if (svid === undefined) {
    svid = readClaims(decode((await verified(token, key)).payload), id);
    bundle.verified.set(token, svid);
  }
  requireLive(svid, parts);
  return { id, trustDomain, thumbprint: undefined };
}

/** Header and subject, which say whose key to try and nothing more. */
function readUnverified(token: string): { subject: string; kid: string } {
  if (token.length > MAX_TOKEN || !COMPACT.test(token)) throw invalid('it is not one compact JWS of at most 8 KiB');
  const [head = '', body = ''] = token.split('.');
  const { alg, typ, kid, ...others } = decode(Buffer.from(head, 'base64url'));
  if (!ALGORITHMS.includes(String(alg))) throw invalid('its algorithm is not one that JWT-SVIDs have');
  if (!TYPES.includes(typ)) throw invalid('its typ is neither JWT nor JOSE');
  if (typeof kid !== 'string' || kid === '') throw invalid('it names no key (kid)');
  if (FORBIDDEN.some((name) => Object.hasOwn(others, name))) throw invalid('its header brings a key or an extension');
  const { sub } = decode(Buffer.from(body, 'base64url'));
  if (typeof sub !== 'string') throw invalid('it has no sub');
  return { subject: sub, kid };
}

async function verified(token: string, key: KeyObject): Promise<CompactVerifyResult> {
  try {
    return await compactVerify(token, key, { algorithms: ALGORITHMS });
  } catch (cause) {
    throw new Refusal('jwt_svid_invalid', 'the JWT-SVID: its signature is wrong', { cause });
  }
}

/** JWT-SVID §3: `sub`, `aud` and `exp` must be there. */
function readClaims({ sub, aud, exp, nbf = 0, iat = 0 }: Record<string, unknown>, subject: string): SignedSvid {
  const audience: unknown[] = [aud].flat();
  if (sub !== subject) throw invalid('its sub can be read in two ways');
  if (audience.length === 0 || !audience.every((one) => typeof one === 'string')) throw invalid('it has no aud');
  if (typeof exp !== 'number' || typeof nbf !== 'number' || typeof iat !== 'number') {
    throw invalid('it has no exp, or a time is no number');
  }
  return { subject, audience, expiresAt: exp, notBefore: Math.max(nbf, iat) };
}

function requireLive({ audience, expiresAt, notBefore }: SignedSvid, parts: JwtSvidParts): void {
  const seconds = parts.now / 1000;
  if (seconds >= expiresAt || seconds + SKEW < notBefore) throw invalid('it is not valid now');
  if (expiresAt > seconds + SKEW + MAX_LIFE) throw invalid('its exp is more than an hour ahead');
  if (!audience.includes(parts.audience)) throw new Refusal('aud_mismatch', 'the JWT-SVID is for another audience');
}

function decode(bytes: Uint8Array): Record<string, unknown> {
  try {
    const value = parseStrictJson(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes), LIMITS);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch (cause) {
    throw new Refusal('jwt_svid_invalid', 'the JWT-SVID: a part is not plain JSON', { cause });
  }
  throw invalid('a part is not a JSON object');
}

function invalid(why: string): Refusal {
  return new Refusal('jwt_svid_invalid', `the JWT-SVID: ${why}`);
}
