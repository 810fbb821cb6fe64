import type { HostBuiltins } from './builtin.ts';
import { compareValues } from './compare.ts';
import { jsonText } from './json-text.ts';
import { operand } from './operand.ts';
import { utf8Text } from './utf8-text.ts';
import { RegoObject, RegoSet, type RegoValue } from './value.ts';

/** As many as Go takes. */
const MAX_PARAMETERS = 10_000;

/** `urlquery.*`, as Go's net/url escapes and reads a query. */
export const URL_QUERIES: HostBuiltins = {
  'urlquery.encode': (text) => escape(operand.text(text)),
  'urlquery.decode': (text) => unescape(operand.text(text)),

  'urlquery.encode_object': (object) =>
    operand
      .object(object)
      .entries.map(([key, value]) => [keyText(key), textsOf(value)] as const)
      .sort(([a], [b]) => compareValues(a, b))
      .flatMap(([key, values]) => values.map((value) => `${escape(key)}=${escape(value)}`))
      .join('&'),

  'urlquery.decode_object': (text) => {
    const found = new Map<string, string[]>();
    const pairs = operand.text(text).split('&');
    if (pairs.length > MAX_PARAMETERS) throw new RangeError('there are too many parameters');
    for (const pair of pairs) {
      // CVE-2021-23980's class: another parser may take the semicolon for a separator.
      if (pair.includes(';')) throw new SyntaxError('a semicolon separates nothing');
      if (pair === '') continue;
      const [key = ''] = pair.split('=', 1);
      const name = unescape(key);
      const values = found.get(name) ?? [];
      values.push(unescape(pair.slice(key.length + 1)));
      found.set(name, values);
    }
    return new RegoObject(found);
  },
};

/** Go leaves letters, digits and `-_.~`, and writes a space as `+`. */
function escape(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]|%20/g, (each) =>
    each === '%20' ? '+' : `%${each.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function unescape(text: string): string {
  if (/%(?![0-9a-fA-F]{2})/.test(text)) throw new SyntaxError('a percent sign without two digits');
  const bytes = Buffer.from(text.replaceAll('+', ' '));
  if (!text.includes('%')) return utf8Text(bytes);
  const parts = text.replaceAll('+', ' ').split(/((?:%[0-9a-fA-F]{2})+)/);
  const decoded = parts.map((part, at) =>
    at % 2 === 0 ? Buffer.from(part) : Buffer.from(part.replaceAll('%', ''), 'hex'),
  );
  return utf8Text(Buffer.concat(decoded));
}

/** OPA makes JSON of the object first, where a key that is not text is the text of its JSON. */
function keyText(key: RegoValue): string {
  return typeof key === 'string' ? key : jsonText(key);
}

function textsOf(value: RegoValue): string[] {
  if (typeof value === 'string') return [value];
  const texts = operand.members(value).map(operand.text);
  return value instanceof RegoSet ? texts.sort(compareValues) : texts;
}
