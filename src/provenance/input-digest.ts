import { createHmac, randomBytes } from 'node:crypto';
import { createHmacOf } from './hmac.ts';

/** What a record names the policy's whole input by, given as its JSON. */
export type InputDigest = (asked: string) => string;

/**
 * Makes the function that names a policy input: HMAC-SHA256 over the very text that policy was given, in base64url. It is
 * keyed, as pseudonyms are, because what is erased from a record could be guessed, and a bare hash would confirm the guess.
 * Whoever has the key can prove that an input kept elsewhere is the one that was decided on.
 * @param secret `provenance.pseudonymKey`; without it a random one, and digests only agree within one process
 */
export function createInputDigest(secret: string | undefined): InputDigest {
  // A key of its own, so that no digest is ever a pseudonym.
  const derived = createHmac('sha256', secret ?? randomBytes(32))
    .update('behalf input digest')
    .digest();
  return createHmacOf(derived);
}
