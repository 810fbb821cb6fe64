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
  readonly #members: ReadonlyMap<string, RegoValue>;

  constructor(members: Iterable<RegoValue>) {
    this.#members = new Map(Array.from(members, (member) => [keyOf(member), member]));
  }

  get members(): RegoValue[] {
    return [...this.#members.values()];
  }

  has(value: RegoValue): boolean {
    return this.#members.has(keyOf(value));
  }
}

/** An object, whose keys may be any value. */
export class RegoObject {
  readonly #entries: ReadonlyMap<string, readonly [RegoValue, RegoValue]>;

  constructor(entries: Iterable<readonly [RegoValue, RegoValue]>) {
    this.#entries = new Map(Array.from(entries, (entry) => [keyOf(entry[0]), entry]));
  }

  get entries(): (readonly [RegoValue, RegoValue])[] {
    return [...this.#entries.values()];
  }

  get(key: RegoValue): RegoValue | undefined {
    return this.#entries.get(keyOf(key))?.[1];
  }
}

/** Text that two values share where they are equal in Rego, `1` and `1.0` among them. */
export function keyOf(value: RegoValue): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (value === null || typeof value === 'boolean') return String(value);
  if (value instanceof RegoSet) return `{${value.members.map(keyOf).sort().join()}}`;
  if (value instanceof RegoObject) {
    const pairs = value.entries.map(([key, held]) => `${keyOf(key)}:${keyOf(held)}`);
    return `{${pairs.sort().join()}:}`;
  }
  if (value instanceof Decimal) return sameNumber(value.text);
  return typeof value === 'object' ? `[${value.map(keyOf).join()}]` : sameNumber(String(value));
}

/** `digits` or `digits`e`exponent` without zeros at either end, so that equal numbers have equal text. */
function sameNumber(text: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const digits = (whole + fraction).replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return '0';
  const power = Number(exponent) - fraction.length + (digits.length - significant.length);
  return `${sign}${significant}e${power}`;
}
