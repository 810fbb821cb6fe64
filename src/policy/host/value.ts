import { hash } from 'node:crypto';

/** A value of Rego as a host builtin sees it. JSON has no sets, no keys but text, and in JavaScript no long integers. */
export type RegoValue = null | boolean | string | RegoNumber | readonly RegoValue[] | RegoSet | RegoObject;

/**
 * A `number` where JavaScript writes it as Rego does, a `bigint` for an integer past 2^53, and a `Decimal` where only its
 * digits say it exactly: `1.0`, `1e3`, or more digits than a double holds.
 */
export type RegoNumber = number | bigint | Decimal;

/** A number that is its digits. */
export class Decimal {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** A set, each member once. */
export class RegoSet {
  #members: ReadonlyMap<string, RegoValue>;

  constructor(members: Iterable<RegoValue>) {
    this.#members = new Map(Array.from(members, (member) => [keyOf(member), member]));
  }

  get size(): number {
    return this.#members.size;
  }

  get members(): RegoValue[] {
    return [...this.#members.values()];
  }

  has(value: RegoValue): boolean {
    return this.#members.has(keyOf(value));
  }

  /** The same set with another member in the place of one. */
  with(former: RegoValue, member: RegoValue): RegoSet {
    const members = new Map(this.#members);
    members.delete(keyOf(former));
    return RegoSet.#of(members.set(keyOf(member), member));
  }

  without(member: RegoValue): RegoSet {
    const members = new Map(this.#members);
    members.delete(keyOf(member));
    return RegoSet.#of(members);
  }

  static #of(members: ReadonlyMap<string, RegoValue>): RegoSet {
    const set = new RegoSet([]);
    set.#members = members;
    return set;
  }
}

/** An object, whose keys may be any value. */
export class RegoObject {
  #entries: ReadonlyMap<string, readonly [RegoValue, RegoValue]>;

  constructor(entries: Iterable<readonly [RegoValue, RegoValue]>) {
    this.#entries = new Map(Array.from(entries, (entry) => [keyOf(entry[0]), entry]));
  }

  get size(): number {
    return this.#entries.size;
  }

  get entries(): (readonly [RegoValue, RegoValue])[] {
    return [...this.#entries.values()];
  }

  get(key: RegoValue): RegoValue | undefined {
    return this.#entries.get(keyOf(key))?.[1];
  }

  with(key: RegoValue, value: RegoValue): RegoObject {
    return RegoObject.#of(new Map(this.#entries).set(keyOf(key), [key, value]));
  }

  without(key: RegoValue): RegoObject {
    const entries = new Map(this.#entries);
    entries.delete(keyOf(key));
    return RegoObject.#of(entries);
  }

  static #of(entries: ReadonlyMap<string, readonly [RegoValue, RegoValue]>): RegoObject {
    const object = new RegoObject([]);
    object.#entries = entries;
    return object;
  }
}

/** A longer key of what holds others is its digest, kept: else keys would grow with each set that is in another. */
const MAX_KEY = 128;
const digests = new WeakMap<object, string>();

/** Text that two values share where they are equal in Rego, `1` and `1.0` among them. */
export function keyOf(value: RegoValue): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (value === null || typeof value === 'boolean') return String(value);
  if (value instanceof Decimal) return sameNumber(value.text);
  if (typeof value !== 'object') return numberKey(value);
  const known = digests.get(value);
  if (known !== undefined) return known;
  const key = compositeKey(value);
  if (key.length <= MAX_KEY) return key;
  const digest = `#${hash('sha256', key, 'base64')}`;
  digests.set(value, digest);
  return digest;
}

function compositeKey(value: RegoSet | RegoObject | readonly RegoValue[]): string {
  if (value instanceof RegoSet) return `{${value.members.map(keyOf).sort().join()}}`;
  if (value instanceof RegoObject) {
    const pairs = value.entries.map(([key, held]) => `${keyOf(key)}:${keyOf(held)}`);
    return `{${pairs.sort().join()}:}`;
  }
  return `[${value.map(keyOf).join()}]`;
}

function numberKey(value: number | bigint): string {
  const isPlain = typeof value === 'number' && Number.isSafeInteger(value) && value % 10 !== 0;
  return isPlain ? `${value}e0` : sameNumber(String(value));
}

/** `digits` or `digits`e`exponent` without zeros at either end, so that equal numbers have equal text. */
function sameNumber(text: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const digits = (whole + fraction).replace(/^0+/, '');
  // Looked for from the first zero of a run only: from each of them, it would take the square of the time.
  const significant = digits.replace(/(?<!0)0+$/, '');
  if (significant === '') return '0';
  const power = Number(exponent) - fraction.length + (digits.length - significant.length);
  return `${sign}${significant}e${power}`;
}
