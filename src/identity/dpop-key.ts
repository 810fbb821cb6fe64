import { type CryptoKey, calculateJwkThumbprint, importJWK, type JWK } from 'jose';
import { Refusal } from '../refusals.ts';
import { isSoundRsaKey } from './rsa-key.ts';

/**
 * The algorithms that proofs may be signed with, each with the keys that fit it. ES512 is not among them: one
 * verification would take about 2 ms of CPU (threats D07). The `algs` of the challenge name them too.
 */
export const DPOP_ALGORITHMS: Readonly<Record<string, { readonly kty: string; readonly crv?: string }>> = {
  ES256: { kty: 'EC', crv: 'P-256' },
  ES384: { kty: 'EC', crv: 'P-384' },
  Ed25519: { kty: 'OKP', crv: 'Ed25519' },
  EdDSA: { kty: 'OKP', crv: 'Ed25519' },
  PS256: { kty: 'RSA' },
  RS256: { kty: 'RSA' },
};

/** The public key of a proof, and how it is known: its RFC 7638 thumbprint. */
export interface DpopKey {
  readonly thumbprint: string;
  /** Computes with the key for the first time. @throws Refusal `dpop_malformed` */
  import(): Promise<CryptoKey>;
}

/** RFC 7518 §6: what makes a key private, or symmetric. */
const PRIVATE = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

/**
 * Reads the `jwk` of a proof (RFC 9449 §4.2, §4.3): a public key of the kind that the algorithm needs, of a size that is
 * verified in bounded time (threats J02, D07).
 * @throws Refusal `dpop_alg`, `dpop_malformed`
 */
export async function readDpopKey(jwk: unknown, alg: string): Promise<DpopKey> {
  const fits = Object.hasOwn(DPOP_ALGORITHMS, alg) ? DPOP_ALGORITHMS[alg] : undefined;
  if (fits === undefined) throw new Refusal('dpop_alg', 'alg is not one that proofs are signed with');
  if (typeof jwk !== 'object' || jwk === null || Array.isArray(jwk)) throw malformed('it has no jwk');
  if (PRIVATE.some((name) => Object.hasOwn(jwk, name))) throw malformed('its jwk holds a private key');
  const { kty, crv } = jwk as JWK;
  if (kty !== fits.kty || (fits.crv !== undefined && crv !== fits.crv)) {
    throw new Refusal('dpop_alg', 'the key is not one for the algorithm');
  }
  if (kty === 'RSA' && !isSoundRsaKey(jwk)) throw new Refusal('dpop_alg', 'the RSA key is too weak or too costly');
  // Nothing else of what the client wrote reaches the library.
  const members = publicMembers(jwk);
  if (!Object.values(members).every((value) => typeof value === 'string')) throw malformed('its jwk lacks a member');
  return {
    thumbprint: await calculateJwkThumbprint(members),
    import: async () => {
      try {
        return (await importJWK(members, alg)) as CryptoKey;
      } catch (cause) {
        throw new Refusal('dpop_malformed', 'the DPoP proof: its jwk is no key', { cause });
      }
    },
  };
}

/** RFC 7638 §3.2: what makes up the key, and nothing else. */
function publicMembers({ kty, crv, x, y, n, e }: JWK): JWK {
  if (kty === 'RSA') return { kty, n, e } as JWK;
  return (kty === 'EC' ? { kty, crv, x, y } : { kty, crv, x }) as JWK;
}

function malformed(why: string): Refusal {
  return new Refusal('dpop_malformed', `the DPoP proof: ${why}`);
}
