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
  // With the doubles of Go, so that it is the same nanosecond.
  const digits = fraction.slice(0, 18);
  return full + BigInt(Math.trunc(Number(digits) * (Number(size) / 10 ** digits.length)));
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

/** Without an exponent. */
function plainText(value: number): string {
  return value >= 1e21 ? BigInt(value).toString() : value.toFixed(20).replace(/\.?0+$/, '');
}
