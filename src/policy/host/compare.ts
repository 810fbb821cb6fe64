import type { Spend } from './builtin.ts';
import { isArray } from './is-array.ts';
import { Decimal, RegoObject, RegoSet, type RegoValue } from './value.ts';

/** Ticks for comparing two values, and for one that is sorted. */
const COMPARE_TICKS = 10;
const SORT_TICKS = 10;
/** Characters that two texts share, for one tick. */
const CHARACTERS_PER_TICK = 8;

/**
 * The order of Rego's values, which is how sets and keys are printed: by type, then by value. Each comparison is paid for,
 * and what is in a set is put in order once, not again for each comparison with another set.
 */
export class Order {
  readonly #spend: Spend;
  readonly #members = new WeakMap<RegoSet, readonly RegoValue[]>();
  readonly #entries = new WeakMap<RegoObject, readonly (readonly [RegoValue, RegoValue])[]>();

  constructor(spend: Spend) {
    this.#spend = spend;
  }

  members(set: RegoSet): readonly RegoValue[] {
    const known = this.#members.get(set);
    if (known !== undefined) return known;
    this.#spend(set.size * SORT_TICKS);
    const members = set.members.sort((a, b) => this.compare(a, b));
    this.#members.set(set, members);
    return members;
  }

  entries(object: RegoObject): readonly (readonly [RegoValue, RegoValue])[] {
    const known = this.#entries.get(object);
    if (known !== undefined) return known;
    this.#spend(object.size * SORT_TICKS);
    const entries = object.entries.sort(([a], [b]) => this.compare(a, b));
    this.#entries.set(object, entries);
    return entries;
  }

  compare(a: RegoValue, b: RegoValue): number {
    this.#spend(COMPARE_TICKS);
    const [rankA, rankB] = [rankOf(a), rankOf(b)];
    if (rankA !== rankB) return rankA - rankB;
    if (typeof a === 'string') return this.#compareText(a, b as string);
    if (typeof a === 'boolean') return Number(a) - Number(b);
    if (isArray(a)) return this.#compareLists(a, b as readonly RegoValue[]);
    if (a instanceof RegoSet) return this.#compareLists(this.members(a), this.members(b as RegoSet));
    if (a instanceof RegoObject) return this.#compareEntries(a, b as RegoObject);
    return a === null ? 0 : compareNumbers(a, b);
  }

  #compareEntries(a: RegoObject, b: RegoObject): number {
    this.#spend((a.size + b.size) / 4);
    return this.#compareLists(this.entries(a).flat(), this.entries(b).flat());
  }

  /** By code points, as Go does it in UTF-8: UTF-16 has what lies beyond U+FFFF before U+E000. */
  #compareText(a: string, b: string): number {
    const shared = Math.min(a.length, b.length);
    let at = 0;
    while (at < shared && a.charCodeAt(at) === b.charCodeAt(at)) at++;
    this.#spend(at / CHARACTERS_PER_TICK);
    return at === shared ? a.length - b.length : lifted(a.charCodeAt(at)) - lifted(b.charCodeAt(at));
  }

  #compareLists(a: readonly RegoValue[], b: readonly RegoValue[]): number {
    const shared = Math.min(a.length, b.length);
    for (let at = 0; at < shared; at++) {
      const order = this.compare(a[at] as RegoValue, b[at] as RegoValue);
      if (order !== 0) return order;
    }
    return a.length - b.length;
  }
}

function rankOf(value: RegoValue): number {
  if (value === null) return 0;
  if (typeof value === 'boolean') return 1;
  if (typeof value === 'string') return 3;
  if (isArray(value)) return 4;
  if (value instanceof RegoObject) return 5;
  return value instanceof RegoSet ? 6 : 2;
}

/** A unit of UTF-16, halves of surrogate pairs behind all others. */
function lifted(unit: number): number {
  return unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit;
}

function compareNumbers(a: RegoValue, b: RegoValue): number {
  const [first, second] = [a, b].map((each) => (each instanceof Decimal ? Number(each.text) : each)) as [
    number | bigint,
    number | bigint,
  ];
  if (first < second) return -1;
  return first > second ? 1 : 0;
}
