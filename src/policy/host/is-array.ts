import type { RegoValue } from './value.ts';

/** `Array.isArray`, which makes an array of anything out of one of values. */
export function isArray(value: unknown): value is readonly RegoValue[] {
  return Array.isArray(value);
}
