/** Decimal digits without zeros at the end, and where the point is: `0.` digits times ten to the `point`. */
interface Digits {
  readonly digits: string;
  readonly point: number;
}

/**
 * A finite number as Go's `strconv.FormatFloat` writes it.
 * @param precision digits behind the point for `e` and `f`, significant ones for `g`; -1 for as few as say it exactly
 */
export function goFloat(value: number, verb: 'e' | 'f' | 'g', precision: number): string {
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  const size = Math.abs(value);
  return sign + (precision < 0 ? shortest(size, verb) : fixed(size, verb, precision));
}

function shortest(size: number, verb: 'e' | 'f' | 'g'): string {
  const found = fewest(size);
  const { digits, point } = found;
  if (verb === 'e') return scientific(found, Math.max(digits.length - 1, 0));
  if (verb === 'f') return plain(found, Math.max(digits.length - point, 0));
  return general(found, digits.length, 6);
}

function fixed(size: number, verb: 'e' | 'f' | 'g', precision: number): string {
  if (verb === 'f')
    return plain(
      rounded(size, (point) => point + precision),
      precision,
    );
  if (verb === 'e')
    return scientific(
      rounded(size, () => precision + 1),
      precision,
    );
  const significant = Math.max(precision, 1);
  const found = rounded(size, () => significant);
  const { digits, point } = found;
  return general(
    found,
    significant,
    significant > digits.length && digits.length >= point ? digits.length : significant,
  );
}

/** `%e` where the exponent is small, or not less than `limit`; else `%f`. */
function general(found: Digits, precision: number, limit: number): string {
  const { digits, point } = found;
  const exponent = point - 1;
  if (exponent < -4 || exponent >= limit) return scientific(found, Math.min(precision, digits.length) - 1);
  return plain(found, Math.max((precision > point ? digits.length : precision) - point, 0));
}

function scientific({ digits, point }: Digits, precision: number): string {
  const exponent = digits === '' ? 0 : point - 1;
  const all = digits.padEnd(precision + 1, '0');
  const fraction = precision > 0 ? `.${all.slice(1, precision + 1)}` : '';
  return `${all.slice(0, 1) || '0'}${fraction}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
}

function plain({ digits, point }: Digits, precision: number): string {
  const whole = point > 0 ? digits.slice(0, point).padEnd(point, '0') : '0';
  const behind = '0'.repeat(Math.max(-point, 0)) + digits.slice(Math.max(point, 0));
  return precision > 0 ? `${whole}.${behind.slice(0, precision).padEnd(precision, '0')}` : whole;
}

function fewest(size: number): Digits {
  if (size === 0) return { digits: '', point: 0 };
  const [mantissa = '', exponent = ''] = size.toExponential().split('e');
  return { digits: mantissa.replace('.', ''), point: Number(exponent) + 1 };
}

/**
 * The exact value, a half rounded to the even digit.
 * @param wanted how many digits, by where the point is
 */
function rounded(size: number, wanted: (point: number) => number): Digits {
  if (size === 0) return { digits: '', point: 0 };
  const exact = exactDigits(size);
  const keep = wanted(exact.point);
  if (keep >= exact.digits.length) return trimmed(exact.digits, exact.point);
  if (keep < 0) return { digits: '', point: 0 };
  const [kept, rest] = [exact.digits.slice(0, keep), exact.digits.slice(keep)];
  const half = rest.startsWith('5') && /^50*$/.test(rest);
  const isUp = half ? Number(kept.at(-1) ?? '0') % 2 === 1 : rest >= '5';
  if (!isUp) return trimmed(kept, exact.point);
  const raised = (BigInt(kept || '0') + 1n).toString().padStart(keep, '0');
  return trimmed(raised, exact.point + raised.length - keep);
}

function trimmed(digits: string, point: number): Digits {
  const significant = digits.replace(/(?<!0)0+$/, '');
  return { digits: significant, point: significant === '' ? 0 : point };
}

/** Every double is a whole number over a power of two, so it has an end in decimals. */
function exactDigits(size: number): Digits {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, size);
  const raw = bits.getBigUint64(0);
  const biased = Number(raw >> 52n) & 0x7ff;
  const fraction = raw & 0xfffffffffffffn;
  const mantissa = biased === 0 ? fraction : fraction | (1n << 52n);
  const exponent = BigInt((biased === 0 ? 1 : biased) - 1075);
  const digits = (exponent >= 0n ? mantissa << exponent : mantissa * 5n ** -exponent).toString();
  return { digits, point: digits.length + (exponent < 0n ? Number(exponent) : 0) };
}
