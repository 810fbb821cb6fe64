import { BundleError } from '../policy/bundle.ts';
import { loadSuites } from '../policy-suite/load-suites.ts';
import type { Cell } from '../policy-suite/suite.ts';
import { StartError } from './failure.ts';
import { runOpa } from './opa.ts';
import { type Evaluations, opaEvaluations } from './opa-evaluations.ts';
import { type OpaTest, type OpaTestOptions, opaTests, traceFailures } from './opa-tests.ts';
import { mergeCoverage, type OpaCoverage } from './policy-coverage-merge.ts';
import { requireFolder } from './policy-folder.ts';
import { type Built, buildEntrypoints, buildGuess } from './policy-test-build.ts';
import { testFilter } from './policy-test-filter.ts';
import { guessTests } from './policy-test-guess.ts';
import { entrypointOf, judgeRego } from './policy-test-rego.ts';
import type { TestResult, TestRun } from './policy-test-result.ts';
import { judgeSuiteCell } from './policy-test-suites.ts';

export interface RunOptions {
  /** Of Rego, its tests and its suites; read as a bundle. */
  readonly folder: string;
  /** The rule that suites ask, for example `behalf/authz/decision`. */
  readonly entrypoint: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A glob over the names of tests. */
  readonly filter?: string;
  readonly coverage: boolean;
  /** Globs over the paths of files whose coverage does not count, such as `lib/*`. */
  readonly ignore?: readonly string[];
}

/**
 * Runs every test of a folder: `test_*` rules and matrix suites, in our runtime and in OPA's interpreter.
 * @throws BundleError, or an AggregateError of them, where the Rego does not compile
 * @throws ConfigError where a suite is not one
 * @throws StartError where there is no folder, or no OPA
 */
export async function runTests(options: RunOptions): Promise<TestRun> {
  const { folder, entrypoint, env, filter, coverage } = options;
  const started = performance.now();
  requireFolder(folder);
  const chosen = filter === undefined ? undefined : testFilter(filter);
  const cells = loadSuites(folder).filter(({ id }) => chosen?.matches(id) ?? true);
  const asking = { folder, env, run: chosen?.forOpa };
  const [listed, guess] = await listAndGuess(options, asking, cells);
  const inputs = cells.map(({ input }) => input);
  const [tests, built, opa] = await Promise.all([
    traceFailures(listed, asking),
    compile(options, listed, cells, guess),
    opaEvaluations({ folder, env, entrypoint, inputs, withCoverage: coverage }),
  ]);
  const results = [...judgeTests(tests, built, folder), ...judgeCells(cells, built.get(entrypoint), opa)];
  const isGood = results.every(({ status }) => status === 'passed' || status === 'skipped');
  return {
    results,
    coverage: coverage && isGood ? await coverageOf(options, tests, opa.coverage, chosen?.forOpa) : undefined,
    milliseconds: performance.now() - started,
  };
}

/** OPA lists the tests by running them; meanwhile what they are likely to be is compiled. */
async function listAndGuess(
  { folder, entrypoint, env }: RunOptions,
  asking: OpaTestOptions,
  cells: readonly Cell[],
): Promise<[readonly OpaTest[], ReadonlyMap<string, Built>]> {
  const entrypoints = [...(cells.length > 0 ? [entrypoint] : []), ...guessTests(folder)];
  const guess = buildGuess({ folder, entrypoints, env });
  try {
    return [await opaTests(asking), await guess];
  } finally {
    await guess;
  }
}

/** @throws BundleError where nothing can be run, or not the rule that suites ask: that is no failed test */
async function compile(
  { folder, entrypoint, env }: RunOptions,
  tests: readonly OpaTest[],
  cells: readonly Cell[],
  guess: ReadonlyMap<string, Built>,
): Promise<ReadonlyMap<string, Built>> {
  const rules = new Set(tests.filter(({ skip }) => skip !== true).map(entrypointOf));
  const entrypoints = [...(cells.length > 0 ? [entrypoint] : []), ...rules];
  if (entrypoints.every((name) => guess.has(name))) return guess;
  const built = await buildEntrypoints({ folder, entrypoints, env });
  const failed = [...built.values()].filter((each) => each instanceof BundleError);
  const decides = built.get(entrypoint);
  if (decides instanceof BundleError) throw decides;
  if (failed[0] !== undefined && failed.length === built.size) throw failed[0];
  return built;
}

function judgeTests(
  tests: readonly OpaTest[],
  built: ReadonlyMap<string, Built>,
  folder: string,
): readonly TestResult[] {
  const twins = Map.groupBy(tests, entrypointOf);
  return tests
    .map((test) => {
      const name = entrypointOf(test);
      return judgeRego(test, built.get(name), twins.get(name)?.length ?? 1, folder);
    })
    .sort((a, b) => a.file.localeCompare(b.file) || a.row - b.row);
}

function judgeCells(cells: readonly Cell[], built: Built | undefined, { answers }: Evaluations): readonly TestResult[] {
  return cells.map((cell, at) => judgeSuiteCell(cell, built, answers[at]));
}

async function coverageOf(
  { folder, env, ignore = [] }: RunOptions,
  tests: readonly OpaTest[],
  ofSuites: readonly OpaCoverage[],
  run: string | undefined,
) {
  const chosen = run === undefined ? [] : ['--run', run];
  const args = ['test', '--bundle', '--coverage', '--format', 'json', ...chosen, '.'];
  const { stdout, stderr } = await runOpa(args, { cwd: folder, env });
  if (!stdout.trimStart().startsWith('{'))
    throw new StartError(`opa test --coverage says: ${(stdout + stderr).trim()}`);
  const files = new Set(tests.map(({ location }) => location.file));
  const ignored = ignore.map(testFilter);
  const isLeftOut = (file: string): boolean =>
    files.has(file) || file.endsWith('_test.rego') || ignored.some(({ matches }) => matches(file));
  return mergeCoverage([JSON.parse(stdout) as OpaCoverage, ...ofSuites], folder, isLeftOut);
}
