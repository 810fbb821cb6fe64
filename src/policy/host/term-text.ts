import { BoundedText } from './bounded-text.ts';
import type { Spend } from './builtin.ts';
import { Order } from './compare.ts';
import { goQuote } from './go-quote.ts';
import { isArray } from './is-array.ts';
import { Decimal, RegoObject, RegoSet, type RegoValue } from './value.ts';

/** Ticks for a character that is quoted. */
const QUOTE_TICKS = 40;

/** A value as OPA prints a term: as it would stand in Rego, sets and keys in order. */
export function termText(value: RegoValue, spend: Spend): string {
  const term = new Term(spend);
  term.write(value);
  return term.toString();
}

class Term {
  readonly #spend: Spend;
  readonly #order: Order;
  readonly #text: BoundedText;

  constructor(spend: Spend) {
    this.#spend = spend;
    this.#order = new Order(spend);
    this.#text = new BoundedText(spend);
  }

  write(value: RegoValue): void {
    if (typeof value === 'string') this.#quote(value);
    else if (value instanceof Decimal) this.#text.write(value.text);
    else if (value instanceof RegoSet && value.size === 0) this.#text.write('set()');
    else if (value instanceof RegoSet) this.#list('{', this.#order.members(value), '}');
    else if (value instanceof RegoObject) this.#object(value);
    else if (isArray(value)) this.#list('[', value, ']');
    else this.#text.write(String(value));
  }

  toString(): string {
    return this.#text.toString();
  }

  #quote(text: string): void {
    const isPlain = /^[ !#-[\]-~]*$/.test(text);
    if (!isPlain) this.#spend(text.length * QUOTE_TICKS);
    this.#text.write(isPlain ? `"${text}"` : goQuote(text, { quote: '"', isAscii: false }));
  }

  #list(open: string, members: readonly RegoValue[], close: string): void {
    this.#text.write(open);
    for (const [at, member] of members.entries()) {
      if (at > 0) this.#text.write(', ');
      this.write(member);
    }
    this.#text.write(close);
  }

  #object(object: RegoObject): void {
    this.#text.write('{');
    for (const [at, [key, held]] of this.#order.entries(object).entries()) {
      if (at > 0) this.#text.write(', ');
      this.write(key);
      this.#text.write(': ');
      this.write(held);
    }
    this.#text.write('}');
  }
}
