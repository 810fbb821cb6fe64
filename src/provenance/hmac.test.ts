import { createHmac, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createHmacOf } from './hmac.ts';

const theirs = (key: Buffer, text: string): string => createHmac('sha256', key).update(text).digest('base64url');

it("is Node's HMAC-SHA256, of any text under any key", () => {
  const key = fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes));
  fc.assert(
    fc.property(key, fc.array(fc.string({ unit: 'binary', maxLength: 300 })), (secret, texts) => {
      const hmacOf = createHmacOf(secret);
      // One after the other: nothing of a longer text may be left under a shorter one.
      return texts.every((text) => hmacOf(text) === theirs(secret, text));
    }),
    { numRuns: 500, seed: 20_261_123 },
  );
});

it.each([0, 1, 21_844, 21_845, 21_846, 65_536, 300_000])('is it for a text of %i characters', (length) => {
  const key = randomBytes(32);
  const hmacOf = createHmacOf(key);
  for (const unit of ['a', 'é', '漢', '\ud800']) {
    const text = unit.repeat(length);
    expect(hmacOf(text)).toBe(theirs(key, text));
  }
  expect(hmacOf('short')).toBe(theirs(key, 'short'));
});

it('takes no key that would have to be hashed first', () => {
  expect(() => createHmacOf(Buffer.alloc(65))).toThrow('over 64 bytes');
});
