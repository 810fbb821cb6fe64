/**
 * Reads one exported interface out of TypeScript source text, with its doc comments. It knows just enough of the
 * language for the types that docs show: members, objects, lists, unions of literals, Record, and names of interfaces
 * that a relative `import type` brings in. Anything else is an error, never a guess.
 */
import { readFileSync } from 'node:fs';

/** A member in words: `input.hop.id`, `string`, and its comment. */
export interface Member {
  readonly path: string;
  readonly type: string;
  readonly doc: string;
}

interface Type {
  readonly words: string;
  readonly members: readonly Member[];
}

const TOKEN = /\/\*\*[\s\S]*?\*\/|'[^']*'|[A-Za-z_]\w*|\d+|\[\]|[^\s\w]/g;
const PLAIN: Readonly<Record<string, string>> = { unknown: 'any JSON', null: 'null', string: 'text', number: 'number' };
const PLURAL: Readonly<Record<string, string>> = { text: 'texts', number: 'numbers', object: 'objects' };

/** @returns the members of `name`, parents before children, each path beginning with `prefix` */
export function readInterface(file: URL, name: string, prefix: string): readonly Member[] {
  const source = readFileSync(file, 'utf8');
  const start = new RegExp(`^export interface ${name} \\{$`, 'm').exec(source);
  if (start === null) throw new Error(`${file.pathname} has no interface ${name}`);
  const body = source.slice(start.index + start[0].length, source.indexOf('\n}', start.index) + 2);
  return new Reader(body.match(TOKEN) ?? [], file, source).members(prefix);
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
  members(prefix: string): readonly Member[] {
    const found: Member[] = [];
    while (!this.#takes('}')) {
      const doc = this.#next().startsWith('/**') ? textOf(this.#take()) : '';
      this.#takes('readonly');
      const path = `${prefix}.${this.#take()}`;
      const isOptional = this.#takes('?');
      this.#expect(':');
      const { words, members } = this.#type(path);
      if (this.#next() !== '}') this.#expect(';');
      found.push({ path, type: isOptional ? `${words}, or absent` : words, doc }, ...members);
    }
    return found;
  }

  #type(path: string): Type {
    const parts = [this.#one(path)];
    while (this.#takes('|')) parts.push(this.#one(path));
    return { words: parts.map(({ words }) => words).join(' or '), members: parts.flatMap(({ members }) => members) };
  }

  /** One alternative of a union, with the `[]` after it. */
  #one(path: string): Type {
    this.#takes('readonly');
    const start = this.#at;
    const single = this.#single(path);
    if (!this.#takes('[]')) return single;
    if (single.members.length === 0) return { words: listOf(single.words), members: [] };
    // Its members are members of each element: read it again under that path.
    this.#at = start;
    const { members } = this.#single(`${path}[]`);
    this.#expect('[]');
    return { words: listOf(single.words), members };
  }

  #single(path: string): Type {
    const token = this.#take();
    if (token === '{') return { words: 'object', members: this.members(path) };
    if (token === 'Readonly') {
      this.#expect('<');
      const inner = this.#type(path);
      this.#expect('>');
      return inner;
    }
    if (token === 'Record') return this.#record(path);
    if (/^['\d]/.test(token)) return { words: `\`${token.replaceAll("'", '"')}\``, members: [] };
    const words = PLAIN[token];
    return words === undefined ? this.#imported(token, path) : { words, members: [] };
  }

  #record(path: string): Type {
    for (const token of ['<', 'string', ',']) this.#expect(token);
    const { words } = this.#type(path);
    this.#expect('>');
    return { words: `object of ${PLURAL[words] ?? words}`, members: [] };
  }

  #imported(name: string, path: string): Type {
    const from = new RegExp(`^import type \\{[^}]*\\b${name}\\b[^}]*\\} from '(\\.[^']+)';`, 'm').exec(
      this.#source,
    )?.[1];
    const isHere = new RegExp(`^export interface ${name} \\{$`, 'm').test(this.#source);
    if (from === undefined && isHere) return { words: 'object', members: readInterface(this.#file, name, path) };
    if (from === undefined) throw new Error(`${this.#file.pathname}: ${path}: no words for the type ${name}`);
    return { words: 'object', members: readInterface(new URL(from, this.#file), name, path) };
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

function listOf(words: string): string {
  return `list of ${PLURAL[words] ?? words}`;
}

function textOf(comment: string): string {
  return comment
    .slice(3, -2)
    .split('\n')
    .map((line) => line.replace(/^\s*\*?\s*/, '').trim())
    .filter((line) => line !== '')
    .join(' ');
}
