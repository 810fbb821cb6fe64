import { isArray } from './is-array.ts';
import { Decimal, type RegoNumber, RegoObject, RegoSet, type RegoValue } from './value.ts';

/**
 * What a builtin was given, as the type that it needs. Where it is of another, OPA with strict builtin errors fails, and
 * so do we: taken for undefined, it would make a negated rule true (threats P03).
 */
export const operand = {
  text: (value: unknown): string => (typeof value === 'string' ? value : wrong('text')),
  array: (value: unknown): readonly RegoValue[] => (isArray(value) ? value : wrong('an array')),
  object: (value: unknown): RegoObject => (value instanceof RegoObject ? value : wrong('an object')),

  /** The members of an array or a set. */
  members: (value: unknown): readonly RegoValue[] => {
    if (value instanceof RegoSet) return value.members;
    return isArray(value) ? value : wrong('an array or a set');
  },

  number: (value: unknown): RegoNumber =>
    typeof value === 'number' || typeof value === 'bigint' || value instanceof Decimal ? value : wrong('a number'),

  /** A number without a fraction, however it is written, of at most 63 bits. */
  integer: (value: unknown): bigint => {
    const exact = exactInteger(operand.number(value));
    if (exact === undefined || BigInt.asIntN(64, exact) !== exact) return wrong('an integer of 64 bits');
    return exact;
  },
} as const;

function wrong(wanted: string): never {
  throw new TypeError(`an operand is not ${wanted}`);
}

function exactInteger(number: RegoNumber): bigint | undefined {
  if (typeof number === 'bigint') return number;
  if (typeof number === 'number' && Number.isInteger(number)) return BigInt(number);
  const text = typeof number === 'number' ? String(number) : number.text;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const shift = Number(exponent) - fraction.length;
  if (Math.abs(shift) > 400) return undefined;
  const digits = BigInt(whole + fraction);
  const unit = 10n ** BigInt(Math.abs(shift));
  if (shift < 0 && digits % unit !== 0n) return undefined;
  const size = shift < 0 ? digits / unit : digits * unit;
  return sign === '' ? size : -size;
}
