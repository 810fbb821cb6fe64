import { createHash } from 'node:crypto';

/**
 * A name for something that several values make up: SHA-256 over each with its length before it, so that no two lists of
 * values, and no two kinds of thing, can have the same name (threats C13, J26). Base64url.
 */
export function digest(kind: string, ...values: readonly string[]): string {
  const hash = createHash('sha256');
  for (const value of [kind, ...values]) hash.update(`${Buffer.byteLength(value)}:`).update(value);
  return hash.digest('base64url');
}
