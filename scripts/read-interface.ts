/**
 * Reads one exported interface out of TypeScript source text, with its doc comments. It knows just enough of the
 * language for the types that docs and schemas show: members, objects, lists, unions of literals, Record, and names of
 * interfaces that a relative `import type` brings in. Anything else is an error, never a guess.
 */
import { readFileSync } from 'node:fs';

/** A type, as far as JSON can tell types apart. */
export type Shape =
  | { readonly kind: 'text' | 'number' | 'null' | 'any' }
  | { readonly kind: 'literal'; readonly value: string | number }
  | { readonly kind: 'list' | 'map'; readonly of: Shape }
  | { readonly kind: 'union'; readonly of: readonly Shape[] }
  | { readonly kind: 'object'; readonly members: readonly Member[] };

export interface Member {
  readonly name: string;
  readonly shape: Shape;
  readonly isOptional: boolean;
  readonly doc: string;
}

const TOKEN = /\/\*\*[\s\S]*?\*\/|'[^']*'|[A-Za-z_]\w*|\d+|\[\]|[^\s\w]/g;
const PLAIN: Readonly<Record<string, Shape>> = {
  unknown: { kind: 'any' },
  null: { kind: 'null' },
  string: { kind: 'text' },
  number: { kind: 'number' },
};

/** @returns the members of the interface `name`, in its order */
export function readInterface(file: URL, name: string): readonly Member[] {
  const source = readFileSync(file, 'utf8');
  const start = new RegExp(`^export interface ${name} \\{$`, 'm').exec(source);
  if (start === null) throw new Error(`${file.pathname} has no interface ${name}`);
  const body = source.slice(start.index + start[0].length, source.indexOf('\n}', start.index) + 2);
  return new Reader(body.match(TOKEN) ?? [], file, source).members();
}

class Reader {
  readonly #tokens: readonly string[];
  readonly #file: URL;
  readonly #source: string;
  #at = 0;

  constructor(tokens: readonly string[], file: URL, source: string) {
    this.#tokens = tokens;
    this.#file = file;
    this.#source = source;
  }

  /** Everything up to the closing brace, which it takes too. */
  members(): readonly Member[] {
    const found: Member[] = [];
    while (!this.#takes('}')) {
      const doc = this.#next().startsWith('/**') ? textOf(this.#take()) : '';
      this.#takes('readonly');
      const name = this.#take();
      const isOptional = this.#takes('?');
      this.#expect(':');
      found.push({ name, shape: this.#type(), isOptional, doc });
      if (this.#next() !== '}') this.#expect(';');
    }
    return found;
  }

  #type(): Shape {
    const first = this.#one();
    const others: Shape[] = [];
    while (this.#takes('|')) others.push(this.#one());
    return others.length === 0 ? first : { kind: 'union', of: [first, ...others] };
  }

  /** One alternative of a union, with the `[]` after it. */
  #one(): Shape {
    this.#takes('readonly');
    const single = this.#single();
    return this.#takes('[]') ? { kind: 'list', of: single } : single;
  }

  #single(): Shape {
    const token = this.#take();
    if (token === '{') return { kind: 'object', members: this.members() };
    if (token === 'Readonly') return this.#enclosed([]);
    if (token === 'Record') return { kind: 'map', of: this.#enclosed(['string', ',']) };
    if (token.startsWith("'")) return { kind: 'literal', value: token.slice(1, -1) };
    if (/^\d/.test(token)) return { kind: 'literal', value: Number(token) };
    return PLAIN[token] ?? { kind: 'object', members: this.#named(token) };
  }

  /** What stands in `<…>`, after the tokens that come first there. */
  #enclosed(first: readonly string[]): Shape {
    for (const token of ['<', ...first]) this.#expect(token);
    const inner = this.#type();
    this.#expect('>');
    return inner;
  }

  #named(name: string): readonly Member[] {
    const imported = new RegExp(`^import type \\{[^}]*\\b${name}\\b[^}]*\\} from '(\\.[^']+)';`, 'm');
    const from = imported.exec(this.#source)?.[1];
    if (from !== undefined) return readInterface(new URL(from, this.#file), name);
    if (new RegExp(`^export interface ${name} \\{$`, 'm').test(this.#source)) return readInterface(this.#file, name);
    throw new Error(`${this.#file.pathname}: no interface ${name}, here or imported`);
  }

  #next(): string {
    const token = this.#tokens[this.#at];
    if (token === undefined) throw new Error(`${this.#file.pathname}: the interface does not end`);
    return token;
  }

  #take(): string {
    const token = this.#next();
    this.#at++;
    return token;
  }

  #takes(token: string): boolean {
    const isThere = this.#next() === token;
    if (isThere) this.#at++;
    return isThere;
  }

  #expect(token: string): void {
    const found = this.#take();
    if (found !== token) throw new Error(`${this.#file.pathname}: "${token}" expected, "${found}" found`);
  }
}

function textOf(comment: string): string {
  return comment
    .slice(3, -2)
    .split('\n')
    .map((line) => line.replace(/^\s*\*?\s*/, '').trim())
    .filter((line) => line !== '')
    .join(' ');
}
