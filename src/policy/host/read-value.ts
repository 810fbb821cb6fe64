import type { Spend } from './builtin.ts';
import { numberOf } from './number-of.ts';
import { RegoObject, RegoSet, type RegoValue } from './value.ts';

/**
 * Reads what `opa_value_dump` writes: JSON with sets (`{1, 2}`, `set()`) and with keys of any type.
 * @throws SyntaxError
 */
export function readValue(text: string, spend: Spend): RegoValue {
  const reader = new Reader(text, spend);
  const value = reader.value();
  reader.end();
  return value;
}

/** Ticks for one value, and for what has a key to be found by. Their text is paid for where it is counted. */
const VALUE_TICKS = 20;
const KEY_TICKS = 40;
/** For a key that holds others. */
const DIGEST_TICKS = 300;

const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
/** The module escapes what JSON escapes, so a quote that ends the text is one with no backslash before it. */
const STRING = /"(?:[^"\\]|\\.)*"/sy;

class Reader {
  readonly #text: string;
  readonly #spend: Spend;
  #at = 0;

  constructor(text: string, spend: Spend) {
    this.#text = text;
    this.#spend = spend;
  }

  value(): RegoValue {
    this.#spend(VALUE_TICKS);
    const first = this.#text[this.#at];
    if (first === '"') return JSON.parse(this.#match(STRING)) as string;
    if (first === '[') return this.#list('[', ']', () => this.value());
    if (first === '{') return this.#setOrObject();
    if (first !== undefined && /[-\d]/.test(first)) return numberOf(this.#match(NUMBER));
    for (const [word, value] of WORDS) if (this.#take(word)) return typeof value === 'function' ? value() : value;
    throw new SyntaxError(`no value at ${this.#at}`);
  }

  end(): void {
    if (this.#at !== this.#text.length) throw new SyntaxError(`more than one value at ${this.#at}`);
  }

  /** `{}` is an object; the empty set is `set()`. */
  #setOrObject(): RegoSet | RegoObject {
    let isObject = true;
    const members = this.#list('{', '}', (): readonly [RegoValue, RegoValue] => {
      this.#spend(KEY_TICKS);
      const key = this.value();
      if (typeof key === 'object') this.#spend(DIGEST_TICKS);
      isObject = this.#take(':');
      this.#take(' ');
      return [key, isObject ? this.value() : null];
    });
    return isObject ? new RegoObject(members) : new RegoSet(members.map(([member]) => member));
  }

  #list<T>(open: string, close: string, item: () => T): T[] {
    const items: T[] = [];
    this.#take(open);
    while (!this.#take(close)) {
      if (items.length > 0 && !this.#take(', ')) throw new SyntaxError(`no comma at ${this.#at}`);
      items.push(item());
    }
    return items;
  }

  #take(expected: string): boolean {
    const isThere = this.#text.startsWith(expected, this.#at);
    if (isThere) this.#at += expected.length;
    return isThere;
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const [found] = pattern.exec(this.#text) ?? [];
    if (found === undefined) throw new SyntaxError(`no value at ${this.#at}`);
    this.#at += found.length;
    return found;
  }
}

const WORDS: readonly (readonly [string, RegoValue | (() => RegoSet)])[] = [
  ['null', null],
  ['true', true],
  ['false', false],
  ['set()', () => new RegoSet([])],
];
