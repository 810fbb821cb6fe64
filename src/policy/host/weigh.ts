import type { Spend } from './builtin.ts';
import { isArray } from './is-array.ts';
import { Decimal, RegoObject, RegoSet, type RegoValue } from './value.ts';

/** Ticks for one value; text is paid for by its characters. */
const VALUE_TICKS = 20;
const CHARACTERS_PER_TICK = 4;

/**
 * About how many characters a value takes when it is written, what is there twice counted twice: so that it is paid for
 * before it is copied, compared or made into a key.
 */
export function weigh(value: RegoValue, spend: Spend): number {
  spend(VALUE_TICKS);
  if (isArray(value)) return value.reduce<number>((sum, each) => sum + weigh(each, spend) + 1, 2);
  if (value instanceof RegoSet) return value.members.reduce<number>((sum, each) => sum + weigh(each, spend) + 1, 2);
  if (value instanceof RegoObject) {
    return value.entries.reduce((sum, [key, held]) => sum + weigh(key, spend) + weigh(held, spend) + 2, 2);
  }
  const { length } = value instanceof Decimal ? value.text : String(value);
  spend(length / CHARACTERS_PER_TICK);
  return length + 2;
}
