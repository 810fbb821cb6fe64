import { BoundedText } from './bounded-text.ts';
import type { HostBuiltins, Spend } from './builtin.ts';
import { Order } from './compare.ts';
import { jsonText } from './json-text.ts';
import { operand } from './operand.ts';
import { utf8Text } from './utf8-text.ts';
import { RegoObject, RegoSet, type RegoValue } from './value.ts';

/** As many as Go takes. */
const MAX_PARAMETERS = 10_000;
const PARAMETER_TICKS = 150;

/** `urlquery.*`, as Go's net/url escapes and reads a query. */
export const URL_QUERIES: HostBuiltins = {
  'urlquery.encode': ([text]) => escape(operand.text(text)),
  'urlquery.decode': ([text]) => unescape(operand.text(text)),

  'urlquery.encode_object': ([object], spend) => {
    const order = new Order(spend);
    const query = new BoundedText(spend);
    const pairs = operand
      .object(object)
      .entries.map(([key, value]) => [keyText(key, spend), textsOf(value, order)] as const)
      .sort(([a], [b]) => order.compare(a, b));
    for (const [key, values] of pairs) {
      for (const value of values) {
        spend(PARAMETER_TICKS + key.length);
        query.write(`${query.isEmpty ? '' : '&'}${escape(key)}=${escape(value)}`);
      }
    }
    return query.toString();
  },

  'urlquery.decode_object': ([text], spend) => {
    const found = new Map<string, string[]>();
    const pairs = operand.text(text).split('&');
    if (pairs.length > MAX_PARAMETERS) throw new RangeError('there are too many parameters');
    spend(pairs.length * PARAMETER_TICKS);
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
  return encodeURIComponent(text)
    .replaceAll('%20', '+')
    .replaceAll('!', '%21')
    .replaceAll("'", '%27')
    .replaceAll('(', '%28')
    .replaceAll(')', '%29')
    .replaceAll('*', '%2A');
}

function unescape(text: string): string {
  const from = Buffer.from(text);
  const to = Buffer.alloc(from.length);
  let length = 0;
  for (let at = 0; at < from.length; at++) {
    const byte = from[at] as number;
    if (byte !== PERCENT) {
      to[length++] = byte === PLUS ? SPACE : byte;
      continue;
    }
    const [high, low] = [digitOf(from[++at]), digitOf(from[++at])];
    if (high === -1 || low === -1) throw new SyntaxError('a percent sign without two digits');
    to[length++] = high * 16 + low;
  }
  return utf8Text(to.subarray(0, length));
}

const [PERCENT, PLUS, SPACE] = [0x25, 0x2b, 0x20];

/** @returns -1 where it is no hexadecimal digit */
function digitOf(byte = 0): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

/** OPA makes JSON of the object first, where a key that is not text is the text of its JSON. */
function keyText(key: RegoValue, spend: Spend): string {
  return typeof key === 'string' ? key : jsonText(key, spend);
}

function textsOf(value: RegoValue, order: Order): string[] {
  if (typeof value === 'string') return [value];
  const texts = operand.members(value).map(operand.text);
  return value instanceof RegoSet ? texts.sort((a, b) => order.compare(a, b)) : texts;
}
