import { BoundedText } from './bounded-text.ts';
import type { Spend } from './builtin.ts';
import { Order } from './compare.ts';
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
export function jsonText(value: RegoValue, spend: Spend, indent?: Indent): string {
  const writer = new Writer(spend, indent);
  writer.write(value, indent === undefined ? '' : `\n${indent.prefix}`);
  return writer.toString();
}

class Writer {
  readonly #spend: Spend;
  readonly #indent: Indent | undefined;
  readonly #order: Order;
  readonly #text: BoundedText;

  constructor(spend: Spend, indent: Indent | undefined) {
    this.#spend = spend;
    this.#indent = indent;
    this.#order = new Order(spend);
    this.#text = new BoundedText(spend);
  }

  toString(): string {
    return this.#text.toString();
  }

  write(value: RegoValue, line: string): void {
    if (typeof value === 'string') this.#text.write(quoted(value));
    else if (value instanceof Decimal) this.#text.write(value.text);
    else if (value === null || typeof value !== 'object') this.#text.write(String(value));
    else if (value instanceof RegoObject) this.#object(value, line);
    else {
      const members = value instanceof RegoSet ? this.#order.members(value) : value;
      this.#enclose('[', members, ']', line, (member, inner) => this.write(member, inner));
    }
  }

  #object(object: RegoObject, line: string): void {
    const colon = this.#indent === undefined ? ':' : ': ';
    this.#enclose('{', this.#keyed(object), '}', line, ([key, held], inner) => {
      this.#text.write(quoted(key) + colon);
      this.write(held, inner);
    });
  }

  #keyed(object: RegoObject): [string, RegoValue][] {
    return object.entries
      .map(([key, held]): [string, RegoValue] => [typeof key === 'string' ? key : jsonText(key, this.#spend), held])
      .sort(([a], [b]) => this.#order.compare(a, b));
  }

  #enclose<T>(
    open: string,
    parts: readonly T[],
    close: string,
    line: string,
    write: (part: T, inner: string) => void,
  ): void {
    this.#text.write(open);
    const inner = line + (this.#indent?.step ?? '');
    for (const [at, part] of parts.entries()) {
      this.#text.write(at === 0 ? inner : `,${inner}`);
      write(part, inner);
    }
    this.#text.write(parts.length === 0 ? close : line + close);
  }
}

function quoted(text: string): string {
  const json = JSON.stringify(text);
  return /[<>&\u2028\u2029]/.test(json) ? escaped(json) : json;
}

function escaped(json: string): string {
  return json
    .replaceAll('<', '\\u003c')
    .replaceAll('>', '\\u003e')
    .replaceAll('&', '\\u0026')
    .replaceAll('\u2028', '\\u2028')
    .replaceAll('\u2029', '\\u2029');
}
