import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { parseStrictJson } from '../strict-json.ts';
import { isSoundRsaKey } from './rsa-key.ts';

/** A JWT-SVID whose signature was verified; its times and audience are asked each time. Times in seconds. */
export interface SignedSvid {
  readonly subject: string;
  readonly audience: readonly string[];
  readonly expiresAt: number;
  readonly notBefore: number;
}

/** The keys that one trust domain signs JWT-SVIDs with. A reload makes a new one and forgets what the old verified. */
export interface JwtBundle {
  readonly keys: ReadonlyMap<string, KeyObject>;
  /** By the whole token. */
  readonly verified: LRUCache<string, SignedSvid>;
}

const LIMITS = { depth: 8, members: 5000, values: 20_000 };
const MAX_KEYS = 100;

/**
 * Reads the JWT bundle of one trust domain: a JWK Set whose `use: jwt-svid` keys sign JWT-SVIDs (SPIFFE Trust Domain and
 * Bundle §4.2; plain JWKS files leave `use` out). Its other keys, and those that we cannot use, are left out, as the specs
 * ask (RFC 7517 §5), so that one bad key does not shut out a whole trust domain; two keys of one `kid` are refused.
 * @throws Error that says what is wrong, without the text
 */
export function readJwtBundle(text: string): JwtBundle {
  const set = parseStrictJson(text, LIMITS) as { keys?: unknown } | null;
  const list = typeof set === 'object' && set !== null ? set.keys : undefined;
  if (!Array.isArray(list)) throw new Error('the document is not a JWKS: it has no "keys"');
  if (list.length > MAX_KEYS) throw new Error(`it holds over ${MAX_KEYS} keys`);
  const keys = new Map<string, KeyObject>();
  for (const jwk of (list as (JsonWebKey | null)[]).filter(isForSvids)) {
    if (keys.has(jwk.kid)) throw new Error('it names two keys alike (kid)');
    const key = importKey(jwk);
    if (key !== undefined) keys.set(jwk.kid, key);
  }
  if (keys.size === 0) throw new Error('it holds no public key for JWT-SVIDs that has a kid');
  return { keys, verified: new LRUCache({ max: 2000, maxSize: 8 * 1024 * 1024, sizeCalculation: costOf }) };
}

function costOf(_: SignedSvid, token: string): number {
  return token.length + 512;
}

function isForSvids(jwk: JsonWebKey | null): jwk is JsonWebKey & { kid: string } {
  if (typeof jwk !== 'object' || jwk === null) return false;
  const { use = 'jwt-svid', kty, kid, d } = jwk as JsonWebKey & { kid?: unknown };
  const isPublic = (kty === 'RSA' || kty === 'EC') && d === undefined;
  return use === 'jwt-svid' && isPublic && typeof kid === 'string' && kid !== '';
}

function importKey(jwk: JsonWebKey): KeyObject | undefined {
  if (jwk.kty === 'RSA' && !isSoundRsaKey(jwk)) return undefined;
  try {
    return createPublicKey({ key: jwk, format: 'jwk' });
  } catch {
    return undefined;
  }
}
