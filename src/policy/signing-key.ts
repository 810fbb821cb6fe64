import { createPublicKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileReason, shownPath } from '../config/problem.ts';

/** The algorithms that a bundle may be signed with. None with a shared secret: who can verify could sign. */
export const SIGNING_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
] as const;

export type SigningAlgorithm = (typeof SIGNING_ALGORITHMS)[number];

/** One of `policy.keys`: where the public key lies, and the algorithm that alone it is used with. */
export interface SigningKeyConfig {
  readonly file: string;
  /** What the kind of key suggests where it is left out: RS256, ES256, ES384, ES512, EdDSA. */
  readonly algorithm?: SigningAlgorithm | undefined;
}

/** A key that verifies bundles, with the one algorithm that it does so by (threats P10: never the bundle's word). */
export interface SigningKey {
  readonly key: KeyObject;
  readonly algorithm: SigningAlgorithm;
}

const MAX_BYTES = 64 * 1024;
const MIN_RSA_BITS = 2048;
const BY_CURVE: Readonly<Record<string, SigningAlgorithm>> = {
  prime256v1: 'ES256',
  secp384r1: 'ES384',
  secp521r1: 'ES512',
};

/**
 * Reads a public key, PEM or JWK.
 * @throws Error that says what is wrong with the file, and never quotes it
 */
export function readSigningKey({ file, algorithm }: SigningKeyConfig): SigningKey {
  const shown = `the key file ${shownPath(file)}`;
  const key = publicKey(readText(file, shown), shown);
  const possible = algorithmsOf(key);
  const [usual] = possible;
  if (usual === undefined)
    throw new Error(
      `${shown} holds a key of a kind that is not used here; use RSA of at least 2048 bits, P-256, P-384, P-521 or Ed25519`,
    );
  if (algorithm !== undefined && !possible.includes(algorithm)) {
    throw new Error(`${shown} holds a key that ${algorithm} cannot be used with; it fits ${possible.join(', ')}`);
  }
  return { key, algorithm: algorithm ?? usual };
}

function readText(file: string, shown: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new Error(`${shown} cannot be read: ${fileReason(cause)}`, { cause });
  }
  if (text.length > MAX_BYTES) throw new Error(`${shown} is over 64 KiB`);
  return text;
}

function publicKey(text: string, shown: string): KeyObject {
  // A public key would be made of a private one without a word, and the private one would lie on a server.
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text) || /"d"\s*:/.test(text)) {
    throw new Error(`${shown} holds a private key; only the public one belongs here, the other to who signs`);
  }
  try {
    if (!text.trimStart().startsWith('{')) return createPublicKey(text);
    return createPublicKey({ key: JSON.parse(text) as Record<string, unknown>, format: 'jwk' });
  } catch (cause) {
    throw new Error(`${shown} holds no public key, neither PEM nor JWK`, { cause });
  }
}

/** The first is the usual one. */
function algorithmsOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): readonly SigningAlgorithm[] {
  if (asymmetricKeyType === 'ed25519') return ['EdDSA'];
  if (asymmetricKeyType === 'ec') {
    const algorithm = BY_CURVE[asymmetricKeyDetails?.namedCurve ?? ''];
    return algorithm === undefined ? [] : [algorithm];
  }
  const isRsa = asymmetricKeyType === 'rsa' && (asymmetricKeyDetails?.modulusLength ?? 0) >= MIN_RSA_BITS;
  return isRsa ? SIGNING_ALGORITHMS.filter((name) => /^[RP]S/.test(name)) : [];
}
