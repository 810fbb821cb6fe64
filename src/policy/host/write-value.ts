import { BoundedText } from './bounded-text.ts';
import type { Spend } from './builtin.ts';
import { Decimal, RegoObject, RegoSet } from './value.ts';

/**
 * Writes what `opa_value_parse` reads. Besides the values of Rego, a builtin may give back plain objects.
 * @throws TypeError where it is no value of Rego: NaN, a function, half of a surrogate pair
 * @throws RangeError where it is too long, as soon as it is
 */
export function writeValue(value: unknown, spend: Spend): string {
  const text = new BoundedText(spend);
  write(value, text);
  return text.toString();
}

function write(value: unknown, text: BoundedText): void {
  if (typeof value !== 'object' || value === null) text.write(scalar(value));
  else if (value instanceof Decimal) text.write(value.text);
  else if (Array.isArray(value)) writeAll('[', value, ']', text);
  else if (value instanceof RegoSet) writeSet(value.members, text);
  else writeObject(value instanceof RegoObject ? value.entries : Object.entries(value), text);
}

function scalar(value: unknown): string {
  switch (typeof value) {
    case 'string':
      // The module would give up on it, and OPA has bytes there: what neither can say is an error.
      if (!value.isWellFormed()) throw new TypeError('the result is not Unicode');
      return JSON.stringify(value);
    case 'number':
      if (!Number.isFinite(value)) throw new TypeError('the result is not a finite number');
      return Object.is(value, -0) ? '-0' : String(value);
    case 'bigint':
    case 'boolean':
      return String(value);
    case 'object':
      return 'null';
    default:
      throw new TypeError(`the result is a ${typeof value}`);
  }
}

function writeSet(members: readonly unknown[], text: BoundedText): void {
  if (members.length === 0) text.write('set()');
  else writeAll('{', members, '}', text);
}

function writeAll(open: string, members: readonly unknown[], close: string, text: BoundedText): void {
  text.write(open);
  for (const [at, member] of members.entries()) {
    if (at > 0) text.write(',');
    write(member, text);
  }
  text.write(close);
}

function writeObject(entries: readonly (readonly [unknown, unknown])[], text: BoundedText): void {
  text.write('{');
  for (const [at, [key, held]] of entries.entries()) {
    if (at > 0) text.write(',');
    write(key, text);
    text.write(':');
    write(held, text);
  }
  text.write('}');
}
