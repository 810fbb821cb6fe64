import { isArray } from './is-array.ts';
import { Decimal, RegoObject, RegoSet, type RegoValue } from './value.ts';

/** The order of Rego's values, which is how sets and keys are printed: by type, then by value. */
export function compareValues(a: RegoValue, b: RegoValue): number {
  const [rankA, rankB] = [rankOf(a), rankOf(b)];
  if (rankA !== rankB) return rankA - rankB;
  if (typeof a === 'string') return compareText(a, b as string);
  if (typeof a === 'boolean') return Number(a) - Number(b);
  if (isArray(a)) return compareLists(a, b as readonly RegoValue[]);
  if (a instanceof RegoSet) return compareLists(sorted(a.members), sorted((b as RegoSet).members));
  if (a instanceof RegoObject) return compareLists(pairsOf(a), pairsOf(b as RegoObject));
  return a === null ? 0 : compareNumbers(a, b);
}

function rankOf(value: RegoValue): number {
  if (value === null) return 0;
  if (typeof value === 'boolean') return 1;
  if (typeof value === 'string') return 3;
  if (isArray(value)) return 4;
  if (value instanceof RegoObject) return 5;
  return value instanceof RegoSet ? 6 : 2;
}

/** By bytes of UTF-8, as Go does it: UTF-16 has what lies beyond U+FFFF before U+E000. */
function compareText(a: string, b: string): number {
  return a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function compareNumbers(a: RegoValue, b: RegoValue): number {
  const [first, second] = [a, b].map((each) => (each instanceof Decimal ? Number(each.text) : each)) as [
    number | bigint,
    number | bigint,
  ];
  if (first < second) return -1;
  return first > second ? 1 : 0;
}

function compareLists(a: readonly RegoValue[], b: readonly RegoValue[]): number {
  const shared = a.slice(0, b.length);
  for (const [at, each] of shared.entries()) {
    const order = compareValues(each, b[at] as RegoValue);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function sorted(values: RegoValue[]): RegoValue[] {
  return values.sort(compareValues);
}

function pairsOf(object: RegoObject): RegoValue[] {
  return object.entries.sort(([a], [b]) => compareValues(a, b)).flat();
}
