import type { CryptoKey, JWK } from 'jose';
import { parseStrictJson } from '../strict-json.ts';
import { isSoundRsaKey } from './rsa-key.ts';

/** One key that an issuer publishes and that we can use. */
export interface PublishedKey {
  readonly kid: string | undefined;
  readonly jwk: JWK;
  /** Imported once for each algorithm; the algorithm comes from the issuer's configuration, never from the token. */
  readonly imported: Map<string, Promise<CryptoKey>>;
}

const MAX_KEYS = 100;

/**
 * Judges the text of a JWKS (RFC 7517 §5): the one judge, for what is fetched and for a key file before it is taken
 * (threats J22, Y05). Keys that we cannot use are left out, as the RFC asks.
 * @throws Error that says what is wrong, without the text
 */
export function readKeys(text: string): readonly PublishedKey[] {
  const set = parseStrictJson(text, { depth: 8, members: 5000, values: 20_000 }) as { keys?: unknown } | null;
  const list = typeof set === 'object' && set !== null ? set.keys : undefined;
  if (!Array.isArray(list)) throw new Error('the document is not a JWKS: it has no "keys"');
  if (list.length > MAX_KEYS) throw new Error(`the JWKS holds over ${MAX_KEYS} keys`);
  const usable = (list as JWK[]).filter(isUsable);
  if (usable.length === 0) throw new Error('the JWKS holds no public signature key that we can use');
  return usable.map((jwk) => ({ kid: jwk.kid, jwk, imported: new Map() }));
}

function isUsable(jwk: JWK | null): boolean {
  if (typeof jwk !== 'object' || jwk === null || jwk.d !== undefined || (jwk.use ?? 'sig') !== 'sig') return false;
  if (jwk.kid !== undefined && typeof jwk.kid !== 'string') return false;
  if (jwk.kty === 'RSA') return isSoundRsaKey(jwk);
  return jwk.kty === 'EC' || jwk.kty === 'OKP';
}
