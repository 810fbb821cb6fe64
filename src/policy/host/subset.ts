import type { HostBuiltins } from './builtin.ts';
import { isArray } from './is-array.ts';
import { keyOf, RegoObject, RegoSet, type RegoValue } from './value.ts';

/** `object.subset`. */
export const SUBSET: HostBuiltins = {
  'object.subset': Object.assign(
    (superset: unknown, subset: unknown) => {
      const [whole, part] = [superset as RegoValue, subset as RegoValue];
      const answer = within(whole, part);
      if (answer !== undefined) return answer;
      if (isArray(whole) && part instanceof RegoSet) return holds(whole, part);
      throw new TypeError('the operands are neither of one kind nor an array and a set');
    },
    { work: searching },
  ),
};

/** Ticks: at each level there may be an array to be sought in another, at each of its places. */
function searching(superset: unknown, subset: unknown): number {
  return (keyOf(superset as RegoValue).length * keyOf(subset as RegoValue).length) / 64;
}

/** Objects hold objects member by member, sets and arrays as they are; undefined where it is not the same kind twice. */
function within(whole: RegoValue, part: RegoValue): boolean | undefined {
  if (whole instanceof RegoObject && part instanceof RegoObject) {
    return part.entries.every(([key, wanted]) => {
      const found = whole.get(key);
      return found !== undefined && (keyOf(found) === keyOf(wanted) || within(found, wanted) === true);
    });
  }
  if (whole instanceof RegoSet && part instanceof RegoSet) return part.members.every((each) => whole.has(each));
  return isArray(whole) && isArray(part) ? runsIn(whole, part) : undefined;
}

/** Whether the members follow each other somewhere. */
function runsIn(whole: readonly RegoValue[], part: readonly RegoValue[]): boolean {
  const [keys, wanted] = [whole.map(keyOf), part.map(keyOf)];
  return keys.some((_, at) => wanted.every((key, offset) => keys[at + offset] === key)) || wanted.length === 0;
}

/**
 * As OPA 1.22 counts: every member of the array that is in the set stands for one of the set's, even if it is there
 * twice.
 */
function holds(whole: readonly RegoValue[], part: RegoSet): boolean {
  const found = whole.filter((each) => part.has(each)).length;
  return whole.length > 0 && found >= part.members.length;
}
