import type { HostBuiltins } from './builtin.ts';
import { operand } from './operand.ts';

interface Version {
  readonly numbers: readonly bigint[];
  /** Of a pre-release; none where it is a release. */
  readonly identifiers: readonly string[];
}

/** `semver.*`: Semantic Versioning 2.0.0, with a `v` before it or without. */
export const SEMVER: HostBuiltins = {
  'semver.compare': ([one, other], spend) => {
    const [first, second] = [operand.text(one), operand.text(other)];
    spend((first.length + second.length) * CHARACTER_TICKS);
    return compare(parse(first), parse(second));
  },
  'semver.is_valid': ([value], spend) => {
    spend(typeof value === 'string' ? value.length * CHARACTER_TICKS : 0);
    try {
      parse(operand.text(value));
      return true;
    } catch {
      return false;
    }
  },
};

/** Each character may be an identifier of its own. */
const CHARACTER_TICKS = 8;

const NUMBER = '(0|[1-9]\\d*)';
const IDENTIFIERS = '[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*';
const VERSION = new RegExp(`^v?${NUMBER}\\.${NUMBER}\\.${NUMBER}(?:-(${IDENTIFIERS}))?(?:\\+${IDENTIFIERS})?$`);
/** What Go's `int` holds. */
const MAX = 2n ** 63n - 1n;
const MAX_DIGITS = 19;

function parse(text: string): Version {
  const found = VERSION.exec(text);
  if (found === null) throw new SyntaxError('it is no version');
  const parts = found.slice(1, 4);
  if (parts.some((part) => part.length > MAX_DIGITS)) throw new SyntaxError('it is no version');
  const numbers = parts.map(BigInt);
  const identifiers = found[4]?.split('.') ?? [];
  const isOutOfRange = numbers.some((number) => number > MAX);
  if (isOutOfRange || identifiers.some((each) => /^0\d+$/.test(each))) throw new SyntaxError('it is no version');
  return { numbers, identifiers };
}

/** Section 11 of the specification. */
function compare(one: Version, other: Version): number {
  for (const [at, number] of one.numbers.entries()) {
    const order = orderOf(number, other.numbers[at] as bigint);
    if (order !== 0) return order;
  }
  const [mine, theirs] = [one.identifiers, other.identifiers];
  if (mine.length === 0 || theirs.length === 0) return orderOf(theirs.length, mine.length);
  for (const [at, identifier] of mine.entries()) {
    const their = theirs[at];
    if (their === undefined) return 1;
    const order = compareIdentifiers(identifier, their);
    if (order !== 0) return order;
  }
  return mine.length < theirs.length ? -1 : 0;
}

/** Numbers come before words. */
function compareIdentifiers(one: string, other: string): number {
  const [isNumber, isOther] = [/^\d+$/.test(one), /^\d+$/.test(other)];
  if (isNumber !== isOther) return isNumber ? -1 : 1;
  // A number has no zeros before it, so that a longer one is a larger one.
  return (isNumber ? orderOf(one.length, other.length) : 0) || orderOf(one, other);
}

function orderOf<T extends bigint | number | string>(one: T, other: T): number {
  if (one < other) return -1;
  return one > other ? 1 : 0;
}
