import type { HostBuiltins, Spend } from './builtin.ts';
import { goFormat } from './go-format.ts';
import type { GoValue } from './go-type.ts';
import { operand } from './operand.ts';
import { termText } from './term-text.ts';
import { Decimal, type RegoValue } from './value.ts';

/** `sprintf`, as Go formats. String interpolation says the same without `%`. */
export const SPRINTF: HostBuiltins = {
  sprintf: ([format, values], spend) => {
    const given = operand.array(values).map((value) => goValueOf(value, spend));
    return goFormat(operand.text(format), given, spend);
  },
};

/** What Go is given by OPA: a number is an integer or a double by how it is written, and all but text is printed. */
function goValueOf(value: RegoValue, spend: Spend): GoValue {
  if (typeof value === 'string' || typeof value === 'bigint') return value;
  if (typeof value === 'number') return Number.isInteger(value) && !String(value).includes('e') ? BigInt(value) : value;
  if (!(value instanceof Decimal)) return termText(value, spend);
  const { text } = value;
  // The module writes the product of 2 and 1.5 as `3.0`, where OPA has 3.
  const whole = /^(-?\d+)(?:\.0*)?$/.exec(text)?.[1];
  if (whole !== undefined) return BigInt(whole);
  return Number.isFinite(Number(text)) ? Number(text) : text;
}
