/**
 * The bytes that OPA hashes of a structured file (`data.json`, `.manifest`): JSON without whitespace, members in the order
 * of their names' UTF-8, numbers as they were written, text as Go's encoder writes it. Whitespace and order are then free.
 * @see https://www.openpolicyagent.org/docs/management-bundles#signature-format
 * @throws SyntaxError where it is not JSON
 */
export function signedForm(json: string): string {
  return write(
    parseWithSource(json, (_, value, { source }) => (typeof value === 'number' ? new Numeral(source) : value)),
  );
}

/** A number, as it was written: `1.0` and `1` are two. */
class Numeral {
  readonly source: string;

  constructor(source: string | undefined) {
    this.source = source ?? '';
  }
}

function write(value: unknown): string {
  if (value instanceof Numeral) return value.source;
  if (Array.isArray(value)) return `[${value.map(write).join(',')}]`;
  if (typeof value !== 'object' || value === null) return typeof value === 'string' ? text(value) : String(value);
  const members = Object.entries(value).toSorted(([one], [other]) =>
    Buffer.compare(Buffer.from(one), Buffer.from(other)),
  );
  return `{${members.map(([name, inner]) => `${text(name)}:${write(inner)}`).join(',')}}`;
}

/** Go replaces half a character when it reads, and escapes the two line ends that JavaScript once could not hold. */
function text(value: string): string {
  return JSON.stringify(value.toWellFormed()).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
}

/** `JSON.parse` hands over the source of each primitive; its types do not say so yet. */
const parseWithSource = JSON.parse as (
  json: string,
  reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
) => unknown;
