import type { HostBuiltins } from './builtin.ts';
import { operand } from './operand.ts';
import { Decimal, type RegoNumber } from './value.ts';

/** An exact number: what is above and below the line. */
type Ratio = readonly [bigint, bigint];

/** `units.*`: `10Gi`, `250m`, `1.5e3kb`. */
export const UNITS: HostBuiltins = {
  'units.parse': ([text]) => {
    const [amount, unit] = amountAndUnit(operand.text(text).replaceAll('"', ''));
    // Only the first letter tells a milli from a mega.
    const factor = FACTORS.get(unit.slice(0, 1) + unit.slice(1).toLowerCase());
    return decimalOf(times(amount, known(factor)));
  },

  'units.parse_bytes': ([text]) => {
    const [amount, unit] = amountAndUnit(operand.text(text).toLowerCase().replaceAll('"', ''));
    // Go multiplies numbers of 64 significant bits here, and cuts off what is behind the point.
    const [above, below] = binary64(times(binary64(amount), [known(BYTES.get(unit.replace(/b$/, '')))[0], 1n]));
    if (unit === 'b') throw new SyntaxError('it is no unit');
    return above / below;
  },
};

/** More digits than that in an exponent would make numbers of megabytes. */
const MAX_EXPONENT = 400;
/** Before the point: as with an exponent. */
const MAX_DIGITS = 1000;
/** Go's `0.001` is the double that is nearest. */
const MILLI: Ratio = [1152921504606847n, 1152921504606846976n];

const LETTERS = ['', 'k', 'm', 'g', 't', 'p', 'e'];
const BYTES: ReadonlyMap<string, Ratio> = new Map(
  LETTERS.flatMap((letter, power): [string, Ratio][] => [
    [letter, [1000n ** BigInt(power), 1n]],
    ...(power === 0 ? [] : [[`${letter}i`, [1024n ** BigInt(power), 1n]] as [string, Ratio]]),
  ]),
);
const FACTORS: ReadonlyMap<string, Ratio> = new Map([
  ...[...BYTES].flatMap(([unit, factor]): [string, Ratio][] => [
    [unit, factor],
    [unit.slice(0, 1).toUpperCase() + unit.slice(1), factor],
  ]),
  ['m', MILLI],
]);

function known(factor: Ratio | undefined): Ratio {
  if (factor === undefined) throw new SyntaxError('it is no unit');
  return factor;
}

function amountAndUnit(text: string): readonly [Ratio, string] {
  // An `e` is an exponent where a digit or a sign follows, else a unit.
  const [, amount = '', unit = ''] = /^((?:[\d.+-]|[eE](?=[\d+-]))*)(.*)$/s.exec(text) ?? [];
  const found = /^([+-]?)(?=\.?\d)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(amount);
  if (found === null || text.includes(' ')) throw new SyntaxError('it is no amount');
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = found;
  if (whole.length > MAX_DIGITS) throw new RangeError('the amount is too long');
  const power = Number(exponent) - fraction.length;
  if (Math.abs(power) > MAX_EXPONENT) throw new RangeError('the exponent is too large');
  const digits = BigInt(whole + fraction) * (sign === '-' ? -1n : 1n);
  const scale = 10n ** BigInt(Math.abs(power));
  return [power < 0 ? [digits, scale] : [digits * scale, 1n], unit];
}

function times([a, b]: Ratio, [c, d]: Ratio): Ratio {
  return [a * c, b * d];
}

/** The nearest number of 64 significant bits, the even one of two. */
function binary64([above, below]: Ratio): Ratio {
  if (above < 0n) {
    const [size, unit] = binary64([-above, below]);
    return [-size, unit];
  }
  if (above === 0n) return [0n, 1n];
  const shift = BigInt(above.toString(2).length - below.toString(2).length) - 64n;
  for (const by of [shift, shift + 1n]) {
    const [scaled, unit] = by < 0n ? [above << -by, below] : [above, below << by];
    const rounded = roundedEven(scaled, unit);
    if (rounded < 1n << 64n) return by < 0n ? [rounded, 1n << -by] : [rounded << by, 1n];
  }
  return [above, below];
}

function roundedEven(above: bigint, below: bigint): bigint {
  const [whole, rest] = [above / below, (above % below) * 2n];
  return rest > below || (rest === below && whole % 2n === 1n) ? whole + 1n : whole;
}

/** An integer, else ten digits behind the point, halves away from zero. */
function decimalOf([above, below]: Ratio): RegoNumber {
  if (above % below === 0n) return above / below;
  const [sign, size] = above < 0n ? ['-', -above] : ['', above];
  const scaled = (size * 10n ** 10n * 2n + below) / (below * 2n);
  const digits = scaled.toString().padStart(11, '0');
  return new Decimal(`${sign}${digits.slice(0, -10)}.${digits.slice(-10)}`);
}
