import type { HostBuiltins, Spend } from './builtin.ts';
import { isArray } from './is-array.ts';
import { keyOf, RegoObject, RegoSet, type RegoValue } from './value.ts';
import { weigh } from './weigh.ts';

/** Ticks for one comparison of two members, and characters of them for one more. */
const COMPARE_TICKS = 4;
const CHARACTERS_PER_TICK = 16;
/** Ticks for one member of an object that is looked up. */
const LOOKUP_TICKS = 100;

/** `object.subset`. */
export const SUBSET: HostBuiltins = {
  'object.subset': ([superset, subset], spend) => {
    const [whole, part] = [superset as RegoValue, subset as RegoValue];
    for (const each of [whole, part]) weigh(each, spend);
    const answer = within(whole, part, spend);
    if (answer !== undefined) return answer;
    if (isArray(whole) && part instanceof RegoSet) return holds(whole, part);
    throw new TypeError('the operands are neither of one kind nor an array and a set');
  },
};

/** Objects hold objects member by member, sets and arrays as they are; undefined where it is not the same kind twice. */
function within(whole: RegoValue, part: RegoValue, spend: Spend): boolean | undefined {
  if (whole instanceof RegoObject && part instanceof RegoObject) {
    return part.entries.every(([key, wanted]) => {
      const found = whole.get(key);
      spend(LOOKUP_TICKS);
      return found !== undefined && (keyOf(found) === keyOf(wanted) || within(found, wanted, spend) === true);
    });
  }
  if (whole instanceof RegoSet && part instanceof RegoSet) return part.members.every((each) => whole.has(each));
  return isArray(whole) && isArray(part) ? runsIn(whole, part, spend) : undefined;
}

/** Whether the members follow each other somewhere: at worst, each is compared with each. */
function runsIn(whole: readonly RegoValue[], part: readonly RegoValue[], spend: Spend): boolean {
  const [keys, wanted] = [whole.map(keyOf), part.map(keyOf)];
  const isAt = (at: number): boolean =>
    wanted.every((key, offset) => {
      spend(COMPARE_TICKS + key.length / CHARACTERS_PER_TICK);
      return keys[at + offset] === key;
    });
  return keys.some((_, at) => isAt(at)) || wanted.length === 0;
}

/**
 * As OPA 1.22 counts: every member of the array that is in the set stands for one of the set's, even if it is there
 * twice.
 */
function holds(whole: readonly RegoValue[], part: RegoSet): boolean {
  const found = whole.filter((each) => part.has(each)).length;
  return whole.length > 0 && found >= part.size;
}
