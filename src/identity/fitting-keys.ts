import type { PublishedKey } from './jwks.ts';

/** Which kind of key an algorithm needs: an RSA key never verifies HS256, whatever the token says (threats J02). */
const KEY_TYPES: Record<string, string> = { RS: 'RSA', PS: 'RSA', ES: 'EC', Ed: 'OKP' };

/**
 * Finds the published keys that a token could mean: of its `kid`, where it names one, and of the kind that its algorithm
 * needs.
 */
export function fittingKeys(
  keys: readonly PublishedKey[],
  kid: string | undefined,
  alg: string,
): readonly PublishedKey[] {
  const kty = KEY_TYPES[alg.slice(0, 2)];
  return keys.filter(
    ({ jwk, kid: name }) =>
      (kid === undefined || name === kid) && jwk.kty === kty && (jwk.alg === undefined || jwk.alg === alg),
  );
}
