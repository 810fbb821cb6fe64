import { Decimal, RegoObject, RegoSet } from './value.ts';

/**
 * Writes what `opa_value_parse` reads. Besides the values of Rego, a builtin may give back plain objects.
 * @throws TypeError where it is no value of Rego: NaN, a function, half of a surrogate pair
 */
export function writeValue(value: unknown): string {
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
      return value === null ? 'null' : writeComposite(value);
    default:
      throw new TypeError(`the result is a ${typeof value}`);
  }
}

function writeComposite(value: object): string {
  if (value instanceof Decimal) return value.text;
  if (Array.isArray(value)) return `[${value.map(writeValue).join()}]`;
  if (value instanceof RegoSet) {
    const { members } = value;
    return members.length === 0 ? 'set()' : `{${members.map(writeValue).join()}}`;
  }
  const entries = value instanceof RegoObject ? value.entries : Object.entries(value);
  return `{${entries.map(([key, held]) => `${writeValue(key)}:${writeValue(held)}`).join()}}`;
}
