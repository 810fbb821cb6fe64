import { isDeepStrictEqual } from 'node:util';

/**
 * Whether two runtimes said the same. The order of reasons is not part of it: they come from sets as often as not, and OPA
 * sorts those where WASM does not (docs/divergences.md#order).
 */
export function isSameSaid(one: unknown, other: unknown): boolean {
  return isDeepStrictEqual(inOrder(one), inOrder(other));
}

function inOrder(said: unknown): unknown {
  if (typeof said !== 'object' || said === null || !('reasons' in said) || !Array.isArray(said.reasons)) return said;
  const reasons = said.reasons.map((reason) => JSON.stringify(reason, byName)).toSorted();
  return { ...said, reasons };
}

/** The members of an object in one order. */
function byName(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
