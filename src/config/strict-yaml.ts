import { readFileSync } from 'node:fs';
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
  type YAMLError,
} from 'yaml';
import { ConfigError, fileReason, type Problem, shownPath } from './problem.ts';

/** Keys and list positions from the top of the document. */
export type KeyPath = readonly PropertyKey[];

/** `issuers[0].jwks.uri`; the file itself for the empty path. */
export function dotted(keys: KeyPath): string {
  const text = keys.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
  return text === '' ? 'the file' : text.replace(/^\./, '');
}

/** A YAML file that was read strictly. */
export interface StrictYaml {
  readonly path: string;
  /** The bytes as they were read: their digest is the file's revision. */
  readonly bytes: Buffer;
  readonly value: unknown;
  /** `path:line:col` of a value, or of its key; of the nearest map around it where it is missing. */
  readonly where: (keys: KeyPath, at?: 'key' | 'value') => string;
}

// Enough for anchors that save typing; far from enough for a "billion laughs" (threats Y05).
const MAX_ALIASES = 100;

/**
 * Reads one YAML 1.2 document (core schema). Duplicate keys, unknown tags, several documents, keys that are not text and
 * an empty file are errors, all listed.
 * @param bytes what is in it, where that has been read already
 * @throws ConfigError
 */
export function readStrictYaml(path: string, bytes: Buffer = readBytes(path)): StrictYaml {
  const lines = new LineCounter();
  const shown = shownPath(path);
  const place = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${shown}:${Math.max(line, 1)}:${Math.max(col, 1)}`;
  };
  const text = bytes.toString('utf8');
  const document = parseDocument(text, {
    version: '1.2',
    schema: 'core',
    strict: true,
    uniqueKeys: true,
    stringKeys: true,
    prettyErrors: false,
    logLevel: 'error',
    lineCounter: lines,
  });
  const faults = [...document.errors, ...document.warnings];
  if (faults.length > 0)
    throw new ConfigError(faults.map((fault) => ({ where: place(fault.pos[0]), message: inWords(fault, text) })));
  rejectPrototypeKeys(document, place);
  const value = toValue(document, shown);
  return { path, bytes, value, where: (keys, at = 'value') => place(offsetOf(document, keys, at)) };
}

/** A key of this name is lost, or worse, on its way through JavaScript: what was written must never just vanish. */
function rejectPrototypeKeys(document: Document.Parsed, place: (offset: number) => string): void {
  visit(document, {
    Pair: (_, { key }) => {
      if (!isScalar(key) || key.value !== '__proto__') return;
      throw new ConfigError([{ where: place(startOf(key)), message: 'unknown key "__proto__"; remove it' }]);
    },
  });
}

function readBytes(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new ConfigError([{ where: shownPath(path), message: `cannot be read: ${fileReason(error)}` }], {
      cause: error,
    });
  }
}

function toValue(document: Document.Parsed, shown: string): unknown {
  const problem = (message: string): Problem => ({ where: `${shown}:1:1`, message });
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    throw new ConfigError([problem(error instanceof Error ? error.message : 'cannot be read')], { cause: error });
  }
  if (value === null || value === undefined) throw new ConfigError([problem('the file is empty')]);
  return value;
}

const FAULTS: Partial<Record<YAMLError['code'], string>> = {
  DUPLICATE_KEY: 'is there twice; keep one',
  TAB_AS_INDENT: 'a tab stands where YAML wants spaces; use spaces',
  MULTIPLE_DOCS: 'a second document begins here; keep one document in the file',
  NON_STRING_KEY: 'a key must be plain text; an unfilled {{ template }} is not valid YAML',
};

function inWords({ code, message, pos }: YAMLError, text: string): string {
  const words = FAULTS[code];
  if (words === undefined) return `not valid YAML: ${message}`;
  return code === 'DUPLICATE_KEY' ? `the key "${text.slice(pos[0]).split(/[\s:]/, 1)[0]}" ${words}` : words;
}

function offsetOf(document: Document.Parsed, keys: KeyPath, at: 'key' | 'value'): number {
  let key: unknown;
  let node: unknown = document.contents;
  for (const [index, wanted] of keys.entries()) {
    if (isAlias(node)) node = node.resolve(document);
    const step = stepInto(node, wanted);
    if (step === undefined) return startOf(key ?? document.contents);
    key = step.key;
    node = step.value;
    if (index === keys.length - 1 && at === 'key') return startOf(key);
  }
  return startOf(node) || startOf(key);
}

function stepInto(node: unknown, wanted: PropertyKey): { key: unknown; value: unknown } | undefined {
  if (isMap(node)) return node.items.find(({ key }) => isScalar(key) && String(key.value) === String(wanted));
  if (!isSeq(node) || typeof wanted !== 'number') return undefined;
  const value = node.items[wanted];
  return value === undefined ? undefined : { key: value, value };
}

function startOf(node: unknown): number {
  return (node as Node | null | undefined)?.range?.[0] ?? 0;
}
