import type { Spend } from './builtin.ts';
import { numberOf } from './number-of.ts';
import { RegoObject, type RegoValue } from './value.ts';

/** Ticks for one value: each is looked at once more when it is there. */
const VALUE_TICKS = 100;

/**
 * Reads JSON with all the digits of its numbers. Of members of one name, the last one counts, as in OPA.
 * @throws SyntaxError
 */
export function readJson(text: string, spend: Spend): RegoValue {
  const parse = JSON.parse as (text: string, reviver: Reviver) => RegoValue;
  return parse(text, (_, value, { source }) => {
    spend(VALUE_TICKS);
    if (typeof value === 'number') return numberOf(source as string);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject && Object.getPrototypeOf(value) === Object.prototype
      ? new RegoObject(Object.entries(value as Record<string, RegoValue>))
      : value;
  });
}

/** With the third parameter that ES2026 adds, and Node has. */
type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown;
