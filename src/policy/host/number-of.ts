import { Decimal, type RegoNumber } from './value.ts';

/** Longer ones are of no use, and each takes the square of its length to work with. */
const MAX_LENGTH = 1000;

/**
 * The number that JSON text is, without loss.
 * @throws RangeError where it has more digits than are of use
 */
export function numberOf(text: string): RegoNumber {
  if (text.length > MAX_LENGTH) throw new RangeError('the number is too long');
  const number = Number(text);
  if (/^-?\d+$/.test(text) && !Number.isSafeInteger(number)) return BigInt(text);
  return String(number) === text ? number : new Decimal(text);
}
