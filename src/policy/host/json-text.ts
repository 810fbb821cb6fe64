import { compareValues } from './compare.ts';
import { Decimal, RegoObject, RegoSet, type RegoValue } from './value.ts';

/** How `json.MarshalIndent` of Go is to indent. */
export interface Indent {
  /** What each line but the first begins with. */
  readonly prefix: string;
  /** One step. */
  readonly step: string;
}

/**
 * JSON as Go writes it: keys in order, `<`, `>` and `&` escaped for HTML. A set is an array in order, and a key that is
 * not text is the text of its JSON.
 */
export function jsonText(value: RegoValue, indent?: Indent): string {
  return write(value, indent, indent === undefined ? '' : `\n${indent.prefix}`);
}

function write(value: RegoValue, indent: Indent | undefined, line: string): string {
  if (typeof value === 'string') return quoted(value);
  if (value instanceof Decimal) return value.text;
  if (value === null || typeof value !== 'object') return String(value);
  const inner = line + (indent?.step ?? '');
  if (value instanceof RegoObject) {
    const colon = indent === undefined ? ':' : ': ';
    const parts = keyed(value).map(([key, held]) => `${quoted(key)}${colon}${write(held, indent, inner)}`);
    return enclose('{', parts, '}', line, inner);
  }
  const members = value instanceof RegoSet ? value.members.sort(compareValues) : value;
  return enclose(
    '[',
    members.map((member) => write(member, indent, inner)),
    ']',
    line,
    inner,
  );
}

function enclose(open: string, parts: readonly string[], close: string, line: string, inner: string): string {
  return parts.length === 0 ? open + close : `${open}${inner}${parts.join(`,${inner}`)}${line}${close}`;
}

function keyed(object: RegoObject): [string, RegoValue][] {
  return object.entries
    .map(([key, held]): [string, RegoValue] => [typeof key === 'string' ? key : jsonText(key), held])
    .sort(([a], [b]) => compareValues(a, b));
}

function quoted(text: string): string {
  return JSON.stringify(text).replaceAll(
    /[<>&\u2028\u2029]/g,
    (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
