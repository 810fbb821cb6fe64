import { Decimal, type RegoNumber } from './value.ts';

/** The number that JSON text is, without loss. */
export function numberOf(text: string): RegoNumber {
  const number = Number(text);
  if (/^-?\d+$/.test(text) && !Number.isSafeInteger(number)) return BigInt(text);
  return String(number) === text ? number : new Decimal(text);
}
