import { failureText, toFailure } from './failure.ts';
import { testGithub } from './policy-test-github.ts';
import { testJunit } from './policy-test-junit.ts';
import type { TestRun } from './policy-test-result.ts';
import { runTests } from './policy-test-run.ts';
import { tallyOf } from './policy-test-tally.ts';
import { coverageText, shownPercent, testText } from './policy-test-text.ts';
import { watchFolder } from './policy-test-watch.ts';
import { stopSignal } from './stop-signal.ts';
import { type ExitCode, jsonLine, type Terminal } from './terminal.ts';

export const FORMATS = ['pretty', 'json', 'junit', 'github'] as const;

export interface PolicyTestOptions {
  readonly entrypoint: string;
  readonly filter?: string;
  readonly format: (typeof FORMATS)[number];
  readonly json?: boolean;
  readonly coverage?: boolean;
  /** Of a hundred lines. */
  readonly threshold?: number;
  /** Globs over the paths of files whose coverage does not count. */
  readonly ignore?: readonly string[];
  readonly allowEmpty?: boolean;
  readonly verbose?: boolean;
  readonly watch?: boolean;
}

/**
 * Runs the tests of a policy folder, once or after each save.
 * @returns 4 where a test failed or disagreed, none ran, or too few lines are covered
 * @throws BundleError, ConfigError, StartError, unless it watches: then it says so, and goes on
 */
export async function policyTest(folder: string, options: PolicyTestOptions, terminal: Terminal): Promise<ExitCode> {
  if (options.watch !== true) return await runOnce(folder, options, terminal);
  let code: ExitCode = 0;
  const again = async (): Promise<void> => {
    try {
      code = await runOnce(folder, options, terminal);
    } catch (error) {
      const failure = toFailure(error);
      if (failure.exitCode === 1) throw error;
      code = failure.exitCode;
      if (formatOf(options) === 'json') terminal.out(jsonLine({ ok: false, ...failure }));
      else terminal.err(failureText(failure));
    }
  };
  await again();
  terminal.err(`behalf: watching ${folder}; Ctrl-C ends it\n`);
  const onSave = async (paths: readonly string[]): Promise<void> => {
    terminal.err(`behalf: saved ${paths.join(', ')}\n`);
    await again();
  };
  await watchFolder({ folder, onSave, signal: stopped() });
  return code;
}

/** Ctrl-C, as a signal for what waits. */
function stopped(): AbortSignal {
  const controller = new AbortController();
  void (async () => {
    await stopSignal();
    controller.abort();
  })();
  return controller.signal;
}

async function runOnce(folder: string, options: PolicyTestOptions, terminal: Terminal): Promise<ExitCode> {
  const { entrypoint, filter, coverage = false, threshold, ignore = [] } = options;
  const run = await runTests({
    folder,
    entrypoint,
    env: terminal.env,
    coverage: coverage || threshold !== undefined,
    ignore,
    ...(filter !== undefined && { filter }),
  });
  const problems = problemsOf(run, options);
  terminal.out(written(run, problems, options));
  for (const problem of problems) terminal.err(`behalf: ${problem}\n`);
  return problems.length === 0 && isGood(run) ? 0 : 4;
}

function isGood({ results }: TestRun): boolean {
  return results.every(({ status }) => status === 'passed' || status === 'skipped');
}

/** What is wrong beside failing tests. */
function problemsOf({ results, coverage }: TestRun, { filter, allowEmpty, threshold }: PolicyTestOptions): string[] {
  const problems: string[] = [];
  if (tallyOf(results).ran === 0 && allowEmpty !== true) {
    const reason = filter === undefined ? 'there is none' : `none is named ${filter}`;
    problems.push(`no test ran: ${reason}. That is a failure unless --allow-empty says otherwise.`);
  }
  if (threshold !== undefined && coverage !== undefined && coverage.percent < threshold) {
    problems.push(`the tests cover ${shownPercent(coverage.percent)} % of the lines, and ${threshold} % are demanded`);
  }
  return problems;
}

function formatOf({ json, format }: PolicyTestOptions): PolicyTestOptions['format'] {
  return json === true ? 'json' : format;
}

function written(run: TestRun, problems: readonly string[], options: PolicyTestOptions): string {
  const { results, coverage, milliseconds } = run;
  const covered = coverage === undefined ? '' : coverageText(coverage);
  switch (formatOf(options)) {
    case 'json': {
      const ok = problems.length === 0 && isGood(run);
      return jsonLine({ ok, ...tallyOf(results), milliseconds, problems, results, ...(coverage && { coverage }) });
    }
    case 'junit':
      return testJunit(run);
    case 'github':
      return `${testGithub(run)}${covered}`;
    default:
      return `${testText(run, options.verbose === true)}${covered}`;
  }
}
