const MIN_BITS = 2048;
const MAX_BITS = 4096;
/** Longer exponents make each verification as slow as a signature; 1 makes every message its own signature. */
const MAX_EXPONENT_BYTES = 4;

/**
 * Judges an RSA public key by its numbers, before anything computes with it: 2048 to 4096 bits, and a small odd exponent
 * of at least 3 (RFC 7518 §3.3, NIST SP 800-56B §6.4; threats D07, J22). Leading zeros do not count as bits.
 */
export function isSoundRsaKey({ n, e }: { readonly n?: unknown; readonly e?: unknown }): boolean {
  if (typeof n !== 'string' || typeof e !== 'string') return false;
  const bits = bitLength(Buffer.from(n, 'base64url'));
  const exponent = Buffer.from(e, 'base64url');
  if (bits < MIN_BITS || bits > MAX_BITS || exponent.length === 0 || exponent.length > MAX_EXPONENT_BYTES) return false;
  const value = exponent.readUIntBE(0, exponent.length);
  return value >= 3 && value % 2 === 1;
}

function bitLength(bytes: Buffer): number {
  const first = bytes.findIndex((byte) => byte !== 0);
  const top = bytes[first];
  return top === undefined ? 0 : (bytes.length - first) * 8 - (Math.clz32(top) - 24);
}
