import { shownPath } from '../config/problem.ts';
import { BundleError } from '../policy/bundle.ts';
import { runOpa } from './opa.ts';
import { opaProblems } from './policy-opa-problems.ts';

/** What `opa test --format json` says of one `test_*` rule. */
export interface OpaTest {
  readonly location: { readonly file: string; readonly row: number; readonly col: number };
  /** With `data.` in front. */
  readonly package: string;
  readonly name: string;
  readonly fail?: boolean;
  readonly skip?: boolean;
  readonly error?: { readonly message: string };
  /** Of a rule with cases, `test_x[case]`: each case, nested where there are several keys. */
  readonly sub_results?: Readonly<Record<string, OpaCase>>;
  /** What `print` wrote, in base64. */
  readonly output?: string;
  /** Of one that fails: the steps that failed. */
  readonly trace?: readonly {
    readonly Op: string;
    readonly Location: { readonly file: string; readonly row: number; readonly col: number };
  }[];
}

export interface OpaCase {
  readonly fail?: boolean;
  readonly sub_results?: Readonly<Record<string, OpaCase>>;
}

export interface OpaTestOptions {
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A regular expression (RE2) over `data.PACKAGE.RULE`. */
  readonly run: string | undefined;
}

/**
 * Runs the `test_*` rules of a folder in OPA's interpreter. Which fail is in what it returns.
 * @throws AggregateError of a BundleError for each fault where they do not compile
 */
export async function opaTests(options: OpaTestOptions): Promise<readonly OpaTest[]> {
  return await run(options);
}

/** Enough to mend, and traces cost several times what the tests do. */
const MAX_TRACED = 20;

/** Runs those that fail again, for which of their conditions does not hold. */
export async function traceFailures(tests: readonly OpaTest[], options: OpaTestOptions): Promise<readonly OpaTest[]> {
  const failing = tests.filter(({ fail }) => fail === true).slice(0, MAX_TRACED);
  if (failing.length === 0) return tests;
  const names = failing.map((test) => nameOf(test).replaceAll(/\W/g, '\\$&')).join('|');
  const traced = await run({ ...options, run: `^(?:${names})$` }, ['--explain', 'fails']);
  const traces = new Map(traced.map((test) => [nameOf(test), test.trace ?? []]));
  return tests.map((test) => ({ ...test, trace: traces.get(nameOf(test)) ?? [] }));
}

function nameOf({ package: name, name: rule }: OpaTest): string {
  return `${name}.${rule}`;
}

async function run(
  { folder, env, run: chosen }: OpaTestOptions,
  more: readonly string[] = [],
): Promise<readonly OpaTest[]> {
  const chosenArgs = chosen === undefined ? [] : ['--run', chosen];
  const args = ['test', '--bundle', '--format', 'json', ...chosenArgs, ...more, '.'];
  const { stdout, stderr } = await runOpa(args, { cwd: folder, env });
  const results = parsed(stdout);
  if (Array.isArray(results)) return results as readonly OpaTest[];
  const problems = opaProblems(stderr || stdout, folder).map(
    ({ where = shownPath(folder), message }) => new BundleError('bundle_invalid', `${where}: ${message}`),
  );
  throw new AggregateError(problems, `${shownPath(folder)} does not compile`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
