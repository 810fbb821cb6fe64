import { hash } from 'node:crypto';

const BLOCK = 64;
const DIGEST = 32;
/** Room for most texts, so that no memory is taken for them. */
const ROOM = 64 * 1024;

/**
 * Makes HMAC-SHA256 with one key, in base64url, out of two one-shot hashes (RFC 2104 §2). Node's own makes an object of
 * OpenSSL's for each, which costs twice as much as the hashing.
 * @param key 64 bytes at most
 * @throws RangeError where the key is longer
 */
export function createHmacOf(key: Buffer): (text: string) => string {
  if (key.length > BLOCK) throw new RangeError(`a key of over ${BLOCK} bytes`);
  const inner = padded(key, 0x36, ROOM);
  const outer = padded(key, 0x5c, DIGEST);
  return (text) => {
    outer.write(hash('sha256', keyed(inner, text), 'binary'), BLOCK, 'latin1');
    return hash('sha256', outer, 'base64url');
  };
}

/** The key, one of the two pads over it, and room behind it. */
function padded(key: Buffer, pad: number, room: number): Buffer {
  const block = Buffer.alloc(BLOCK + room);
  for (let at = 0; at < BLOCK; at++) block[at] = (key[at] ?? 0) ^ pad;
  return block;
}

/** The text as UTF-8 behind the padded key. */
function keyed(inner: Buffer, text: string): Buffer {
  const end = BLOCK + text.length * 3;
  const block = end <= inner.length ? inner : Buffer.concat([inner.subarray(0, BLOCK)], end);
  return block.subarray(0, BLOCK + block.write(text, BLOCK));
}
