/**
 * The shape that docs/architecture.md promises, enforced over the source text. The formatter makes that text regular,
 * which is all that these rules rely on.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

/** The steps of one Check, left to right. A step may import types from steps to its left, never values. */
const STEPS = [
  'server',
  'request',
  'matrix',
  'identity',
  'delegation',
  'policy',
  'exchange',
  'response',
  'provenance',
] as const;

/**
 * What every step may import, values included: the root files that are no part of the path, and the reader of settings
 * files, because the matrix is one. check.ts and main.ts are where values meet, so no step may import those; cli/,
 * config/ and admin/ put the program together and may import all.
 */
const OPEN = [
  'refusals.ts',
  'snapshot.ts',
  'log.ts',
  'strict-json.ts',
  'fold.ts',
  'null-object.ts',
  'clock.ts',
  'wire.ts',
  'address.ts',
  'store/store.ts',
  'config/fields.ts',
  'config/problem.ts',
  'config/shape.ts',
  'config/strict-yaml.ts',
  'config/suggest.ts',
];

/** The one type that runs against the order: `server` begins the trail, every step fills it, `provenance` reads it. */
const TRAIL = 'provenance/trail.ts';

/** Files with more than one exported verb, each with why they are one thing. Error classes are not verbs. */
const ONE_THING: Readonly<Record<string, string>> = {
  'identity/actor.ts': 'the `act` claim: its chain, and the agents that it names',
  'matrix/path-template.ts': 'a template: made and matched by the same rules',
  'policy/bundle-history.ts': 'the history of bundles: what it forbids, and how it goes on',
  'policy/host/value.ts': 'the values of Rego that JSON has not',
  'provenance/line-target.ts': 'a target: opened and closed',
  'provenance/proto-writer.ts': 'a writer, and the size of what it writes',
  'provenance/timing.ts': 'the times of one trail',
  'response/headers.ts': 'our headers: how they are made and how they are known',
};

const FOLDERS_NEVER = /(?:^|\/)(?:utils?|helpers?|common|misc|shared)(?:\/|\.ts$)/;
const MAX_FILE_LINES = 250;
const MAX_BODY_LINES = 40;

interface Source {
  /** Relative to src/. */
  readonly path: string;
  readonly lines: readonly string[];
}

interface Import {
  readonly from: string;
  readonly to: string;
  readonly isType: boolean;
}

const root = new URL('../src/', import.meta.url);
const sources: readonly Source[] = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => path.endsWith('.ts') && !path.startsWith('generated/'))
  .map((path) => ({ path, lines: readFileSync(new URL(path, root), 'utf8').split('\n') }));
const program = sources.filter(({ path }) => !path.endsWith('.test.ts'));

/** Every relative import and re-export; `import { type A, b }` is a value import, because `b` is one. */
function importsOf({ path, lines }: Source): readonly Import[] {
  const found = lines.join('\n').matchAll(/^(?:import|export)\s+(type\s+)?([^;]*?)\s*from '(\.[^']*)';/gms);
  return [...found].map(([, typeOnly, names = '', to = '']) => ({
    from: path,
    to: new URL(to, new URL(path, root)).pathname.slice(root.pathname.length),
    isType: typeOnly !== undefined || allTypes(names),
  }));
}

function allTypes(names: string): boolean {
  const listed = /^\{(.*)\}$/s.exec(names)?.[1];
  return listed !== undefined && listed.split(',').every((name) => /^\s*(?:type\s|$)/.test(name));
}

function stepOf(path: string): number {
  return STEPS.findIndex((step) => path.startsWith(`${step}/`));
}

/** What is wrong with an import, as a sentence; undefined where nothing is. */
function layerFault({ from, to, isType }: Import): string | undefined {
  const [mine, theirs] = [stepOf(from), stepOf(to)];
  const folder = to.split('/')[0];
  if (mine === -1 || mine === theirs || OPEN.includes(to) || (to === TRAIL && isType)) {
    return undefined;
  }
  if (folder === 'generated') {
    return isType ? undefined : `${from} imports a value from ${to}`;
  }
  if (theirs === -1) {
    return `${from} imports ${to}, which is not a step and not open to steps`;
  }
  if (theirs > mine) {
    return `${from} imports from ${to}, which is a later step`;
  }
  return isType ? undefined : `${from} imports a value from ${to}; values meet in check.ts`;
}

/** Functions, classes, and constants that are functions. */
function exportedVerbs({ lines }: Source): readonly string[] {
  return lines.flatMap(
    (line) =>
      /^export (?:(?:async )?function\*?|class|abstract class) (\w+)(?!.* extends (?:\w*Error|Refusal)\b)/.exec(
        line,
      )?.[1] ??
      /^export const (\w+)[^=]*= (?:async )?(?:function|\([^)]*\)(?:: [^=]+)? =>|\w+ =>)/.exec(line)?.[1] ??
      [],
  );
}

interface Span {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/** Functions and methods with a body of more than one line: from the line that opens it to the line that closes it. */
function functionsOf(lines: readonly string[]): readonly Span[] {
  const opens =
    /^(\s*)(?:(?:export |async |static |get |set |private |protected |override )*(?:function\*? )?(\w+)\(.*\{|.*\b(\w+)\b.*=> \{)$/;
  const keyword = /^\s*(?:if|for|while|switch|catch|do|return await|describe|it)\b/;
  return lines.flatMap((line, start) => {
    const found = opens.exec(line) ?? closesSignature(lines, start);
    if (!found || keyword.test(line)) {
      return [];
    }
    const indent = found[1] ?? '';
    const length = lines.slice(start + 1).findIndex((later) => later.startsWith(`${indent}}`));
    return length === -1 ? [] : [{ name: found[2] ?? found[3] ?? 'anonymous', start, end: start + 1 + length }];
  });
}

/** `): Type {` closes a signature over several lines; the name stands where that indent began. */
function closesSignature(lines: readonly string[], end: number): RegExpExecArray | undefined {
  const indent = /^(\s*)\).*\{$/.exec(lines[end] ?? '')?.[1];
  if (indent === undefined) {
    return undefined;
  }
  const opened = lines
    .slice(0, end)
    .findLast((line) => line.startsWith(indent) && !/^\s/.test(line.slice(indent.length)));
  return (
    new RegExp(/^(\s*)(?:export |async |static )*(?:function\*? )?(\w+)(?:<.*)?\($/).exec(opened ?? '') ?? undefined
  );
}

/** A body's own lines: without comments, blank lines and the functions inside it, which count for themselves. */
function ownLines(span: Span, all: readonly Span[], lines: readonly string[]): number {
  const inner = all.filter(({ start, end }) => start > span.start && end < span.end);
  return lines.slice(span.start + 1, span.end).filter((line, offset) => {
    const at = span.start + 1 + offset;
    return !/^\s*(?:\/\/|\/?\*|$)/.test(line) && !inner.some(({ start, end }) => at > start && at <= end);
  }).length;
}

describe('the source tree', () => {
  it('is not empty, so that the rules below judge something', () => {
    expect(program.length).toBeGreaterThan(40);
    expect(program.flatMap(importsOf).length).toBeGreaterThan(100);
    expect(program.flatMap(({ lines }) => functionsOf(lines)).length).toBeGreaterThan(100);
  });

  it('lets a step import types from steps to its left, and values only from its own folder and the open root files', () => {
    expect(program.flatMap(importsOf).map(layerFault).filter(Boolean)).toEqual([]);
  });

  it('has at most one exported verb a file inside the steps', () => {
    const crowded = program
      .filter(({ path }) => stepOf(path) !== -1 && ONE_THING[path] === undefined)
      .map((source) => ({ path: source.path, verbs: exportedVerbs(source) }))
      .filter(({ verbs }) => verbs.length > 1);
    expect(crowded).toEqual([]);
  });

  it('names no file as one thing that has one verb, or is gone', () => {
    const crowded = program.filter((source) => exportedVerbs(source).length > 1).map(({ path }) => path);
    expect(Object.keys(ONE_THING).filter((path) => !crowded.includes(path))).toEqual([]);
  });

  it(`keeps files within ${MAX_FILE_LINES} lines`, () => {
    const long = program.filter(({ lines }) => lines.length - 1 > MAX_FILE_LINES).map(({ path }) => path);
    expect(long).toEqual([]);
  });

  it(`keeps function bodies within ${MAX_BODY_LINES} lines of their own`, () => {
    const long = program.flatMap(({ path, lines }) => {
      const spans = functionsOf(lines);
      return spans
        .map((span) => `${path}: ${span.name} has ${ownLines(span, spans, lines)} lines`)
        .filter((_, index) => ownLines(spans[index] ?? { name: '', start: 0, end: 0 }, spans, lines) > MAX_BODY_LINES);
    });
    expect(long).toEqual([]);
  });

  it('has no drawer for whatever fits nowhere', () => {
    expect(sources.map(({ path }) => path).filter((path) => FOLDERS_NEVER.test(path))).toEqual([]);
  });

  it('has no default export', () => {
    expect(program.filter(({ lines }) => lines.some((line) => /^export default\b/.test(line)))).toEqual([]);
  });

  it('reads opa-wasm in one file alone', () => {
    const importers = program.filter(({ lines }) =>
      lines.some((line) => line.includes("'@open-policy-agent/opa-wasm'")),
    );
    expect(importers.map(({ path }) => path)).toEqual(['policy/wasm.ts']);
  });
});

describe('the rules themselves', () => {
  it.each([
    ['a value from the left', { from: 'policy/a.ts', to: 'identity/b.ts', isType: false }],
    ['a type from the right', { from: 'identity/a.ts', to: 'policy/b.ts', isType: true }],
    ['check.ts', { from: 'identity/a.ts', to: 'check.ts', isType: true }],
    ['configuration', { from: 'identity/a.ts', to: 'config/load.ts', isType: false }],
  ])('refuse that a step imports %s', (_, found) => {
    expect(layerFault(found)).toBeDefined();
  });

  it('see through an import that mixes types and values', () => {
    const lines = ["import { type A, b } from '../identity/x.ts';", "import { type C } from '../identity/y.ts';"];
    expect(importsOf({ path: 'policy/a.ts', lines }).map(({ isType }) => isType)).toEqual([false, true]);
  });

  it('count a second verb and an over-long body', () => {
    const body = Array.from({ length: MAX_BODY_LINES + 1 }, () => '  work();');
    const lines = ['export function one(', '  a: string,', '): void {', ...body, '}', 'export const two = (a) => a;'];
    expect(exportedVerbs({ path: 'x.ts', lines })).toEqual(['one', 'two']);
    const spans = functionsOf(lines);
    expect(spans.map((span) => ownLines(span, spans, lines))).toEqual([MAX_BODY_LINES + 1]);
  });
});
