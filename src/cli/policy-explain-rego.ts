import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { shownPath } from '../config/problem.ts';
import type { PolicyInput } from '../policy/input.ts';
import { runOpa } from './opa.ts';
import { type Because, becauseOf, type Explaining } from './policy-explain-because.ts';
import { EvaluatedRules } from './policy-explain-rules.ts';
import { type Query, readTrace, type Step, type TraceEvent } from './policy-explain-trace.ts';

export interface RegoQuestion {
  readonly folder: string;
  readonly entrypoint: string;
  readonly input: PolicyInput;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** What made a reason, or the whole decision. */
export interface Maker {
  readonly rule: string;
  /** `file:line`. */
  readonly where: string;
  readonly isDefault: boolean;
}

/** What OPA's interpreter says, and how it came to that. */
export interface RegoAccount {
  /** Undefined where the rule is. */
  readonly said: unknown;
  /** Why it says nothing: rules that contradict each other, a builtin that fails. */
  readonly error?: string;
  readonly makers: readonly Maker[];
  readonly makersOf: (code: string) => readonly Maker[];
  /** The branches of the decision that hold, and those that do not. */
  readonly held: readonly Because[];
  readonly missed: readonly Because[];
}

interface Printed {
  readonly result?: readonly [{ readonly expressions: readonly [{ readonly value: unknown }] }];
  readonly explanation?: readonly TraceEvent[];
  readonly errors?: readonly { readonly message: string }[];
}

/** Evaluates one input over the sources, with every step of it. Nothing is left out for speed, so that each rule tells. */
export async function explainRego({ folder, entrypoint, input, env }: RegoQuestion): Promise<RegoAccount> {
  const rule = ['data', ...entrypoint.split('/')];
  const whole = ['--disable-indexing', '--disable-early-exit', '--explain', 'full'];
  const args = ['eval', '--bundle', '.', '--format', 'json', '--stdin-input', ...whole, rule.join('.')];
  const { stdout, stderr } = await runOpa(args, { cwd: folder, env, stdin: JSON.stringify(input) });
  const { result, explanation = [], errors } = JSON.parse(stdout || '{}') as Printed;
  const said = result?.[0].expressions[0].value;
  const failed = errors?.map(({ message }) => message).join(' ') ?? stderr.trim();
  const rules = new EvaluatedRules(readTrace(explanation));
  const explaining = explainingIn(folder, input, rules);
  const definitions = rules.evaluationsOf(rule);
  const of = (holds: boolean): readonly Because[] =>
    definitions
      .filter((query) => query.exits > 0 === holds && query.rule?.default !== true)
      .map((query) => becauseOf(query, explaining));
  const makers = (queries: readonly Query[]): readonly Maker[] =>
    queries.filter(({ exits }) => exits > 0).map((query) => makerOf(query, explaining));
  return {
    said,
    ...(failed !== '' && { error: failed }),
    makers: makers(definitions),
    makersOf: (code) => unique(makers(rules.all().filter(({ rule }) => names(rule, code)))),
    held: of(true),
    missed: of(false),
  };
}

/** A reason is made by the rule that has its code as a text, and that held. */
function names(rule: Query['rule'], code: string): boolean {
  return JSON.stringify(rule).includes(`"value":${JSON.stringify(code)}`);
}

function makerOf(query: Query, { nameOf, where }: Explaining): Maker {
  return { rule: nameOf(query), where: where(query.place), isDefault: query.rule?.default === true };
}

function unique(makers: readonly Maker[]): readonly Maker[] {
  return makers.filter(({ where }, at) => makers.findIndex((each) => each.where === where) === at);
}

function explainingIn(folder: string, input: unknown, rules: EvaluatedRules): Explaining {
  const files = new Map<string, readonly string[]>();
  const linesOf = (file: string): readonly string[] => {
    const lines = files.get(file) ?? readFileSync(join(folder, file), 'utf8').split('\n');
    files.set(file, lines);
    return lines;
  };
  return {
    source: ({ place, expression }) => textAt(linesOf(place.file)[place.row - 1] ?? '', place.col, expression),
    where: ({ file, row }) => `${shownPath(join(folder, file))}:${row}`,
    inputAt: (path) => valueAt(input, path),
    nameOf: (query) => rules.nameOf(query),
    askedBy: (expression) => rules.askedBy(expression),
  };
}

/** OPA counts columns in bytes. What the compiler made stands inside of what the author wrote: all of that is shown. */
function textAt(line: string, column: number, { generated }: Step['expression']): string {
  const before = Buffer.from(line)
    .subarray(0, column - 1)
    .toString();
  const body = before.lastIndexOf(' if ');
  const start = generated !== true ? before.length : body === -1 ? 0 : body + ' if '.length;
  return line
    .slice(start)
    .replace(/\s*\{?\s*$/, '')
    .trimStart();
}

function valueAt(input: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, key)
        ? (value as Readonly<Record<string, unknown>>)[key]
        : undefined,
    input,
  );
}
