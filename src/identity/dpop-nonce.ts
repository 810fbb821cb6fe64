import { createHmac, timingSafeEqual } from 'node:crypto';

/** Nonces that proofs must carry (RFC 9449 §9). `now` is in milliseconds since the epoch. */
export interface DpopNonces {
  /** For the holder of this key, now. */
  issue(thumbprint: string, now: number): string;
  /** True where we issued it to the holder of this key within the last minutes. */
  accepts(nonce: unknown, thumbprint: string, now: number): boolean;
}

const MINUTE_MS = 60_000;
/** How many minutes a nonce serves, beside the one it was made in. */
const SERVES = 5;
const MAC_BYTES = 16;

/**
 * Nonces without a memory: the minute, and an HMAC over it and the client's key. All processes that share the secret accept
 * each other's, also after a restart; nobody else's client can use them (threats D08).
 */
export function createDpopNonces(secret: string): DpopNonces {
  const nonceOf = (thumbprint: string, minute: number): string => {
    const mac = createHmac('sha256', secret).update(`behalf dpop nonce:${minute}:${thumbprint}`).digest();
    return `${minute.toString(36)}-${mac.subarray(0, MAC_BYTES).toString('base64url')}`;
  };
  return {
    issue: (thumbprint, now) => nonceOf(thumbprint, Math.floor(now / MINUTE_MS)),
    accepts: (nonce, thumbprint, now) => {
      if (typeof nonce !== 'string' || nonce.length > 64) return false;
      const minute = Number.parseInt(nonce.slice(0, nonce.indexOf('-')), 36);
      const age = Math.floor(now / MINUTE_MS) - minute;
      // One minute of the future: another process's clock may be a little ahead.
      if (!(age >= -1 && age <= SERVES)) return false;
      const [given, ours] = [Buffer.from(nonce), Buffer.from(nonceOf(thumbprint, minute))];
      return given.length === ours.length && timingSafeEqual(given, ours);
    },
  };
}
