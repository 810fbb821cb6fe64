/** Nanoseconds. */
const UNITS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1000n,
  µs: 1000n,
  μs: 1000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};
/** OPA's own, which it turns into hours first. */
const HOURS: Readonly<Record<string, number>> = { d: 24, w: 168, y: 8760 };
const LIMIT = 2n ** 63n;
/** No duration that is of use has more. */
const MAX_LENGTH = 1000;

/**
 * A duration as Go reads it, with OPA's days, weeks and years: `1d2h30m`, `-1.5h`.
 * @returns nanoseconds
 * @throws SyntaxError, RangeError
 */
export function parseDuration(text: string): bigint {
  if (text.length > MAX_LENGTH) throw new RangeError('the duration is too long');
  const [, sign = '', rest = ''] = /^([+-]?)(.*)$/s.exec(/[dwy]/.test(text) ? inHours(text) : text) ?? [];
  if (rest === '0') return 0n;
  const segments = [...rest.matchAll(/(\d*)(?:\.(\d*))?([^\d.]+)/gy)];
  const isWhole = segments.reduce((length, [all]) => length + all.length, 0) === rest.length;
  if (segments.length === 0 || !isWhole) throw new SyntaxError('it is no duration');
  const total = segments.reduce(
    (sum, [, whole = '', fraction = '', unit = '']) => sum + segment(whole, fraction, unit),
    0n,
  );
  if (total > LIMIT || (total === LIMIT && sign !== '-')) throw new RangeError('the duration is too long');
  return sign === '-' ? -total : total;
}

function segment(whole: string, fraction: string, unit: string): bigint {
  const size = Object.hasOwn(UNITS, unit) ? UNITS[unit] : undefined;
  if (size === undefined || whole + fraction === '') throw new SyntaxError('it is no duration');
  const full = BigInt(whole) * size;
  if (full > LIMIT) throw new RangeError('the duration is too long');
  const { digits, scale } = leadingFraction(fraction);
  return full + BigInt(Math.trunc(Number(digits) * (Number(size) / scale)));
}

/** As far as Go reads a fraction, in its own doubles, so that it is the same nanosecond. */
function leadingFraction(fraction: string): { readonly digits: bigint; readonly scale: number } {
  let digits = 0n;
  let scale = 1;
  for (const digit of fraction) {
    const more = digits * 10n + BigInt(digit);
    if (more > LIMIT) break;
    digits = more;
    scale *= 10;
  }
  return { digits, scale };
}

function inHours(text: string): string {
  const [, sign = '', rest = ''] = /^([+-]?)((?:[\d.]+(?:ms|us|µs|ns|[a-z]))+)$/.exec(text) ?? [];
  if (rest === '') throw new SyntaxError('it is no duration');
  return (
    sign +
    rest.replaceAll(/([\d.]+)(ms|us|µs|ns|[a-z])/g, (all, digits: string, unit: string) => {
      const hours = HOURS[unit];
      if (hours === undefined) return all;
      if (!/^(?:\d+\.?\d*|\.\d+)$/.test(digits)) throw new SyntaxError('it is no duration');
      return `${plainText(Number(digits) * hours)}h`;
    })
  );
}

/** The fewest digits that read back as the same number, as `strconv.FormatFloat` writes it with `f` and -1. */
function plainText(value: number): string {
  if (value >= 1e21) return BigInt(value).toString();
  const [digits = '', exponent] = String(value).split('e-');
  return exponent === undefined ? digits : `0.${'0'.repeat(Number(exponent) - 1)}${digits.replace('.', '')}`;
}
