import { runTests } from './policy-test-run.ts';
import { tallyOf } from './policy-test-tally.ts';
import { coverageText, shownPercent, testText } from './policy-test-text.ts';
import { type ExitCode, jsonLine, type Terminal } from './terminal.ts';

export interface PolicyCoverageOptions {
  readonly entrypoint: string;
  readonly json?: boolean;
  readonly threshold?: number;
  /** Globs over the paths of files whose coverage does not count. */
  readonly ignore?: readonly string[];
}

/**
 * Says which lines of Rego the tests and the suites evaluate. The source of that is OPA's interpreter: compiled to WASM, a
 * policy does not say what it evaluates.
 * @returns 4 where a test fails, none ran, or too few lines are covered
 * @throws BundleError, ConfigError, StartError
 */
export async function policyCoverage(
  folder: string,
  { entrypoint, json, threshold = 0, ignore = [] }: PolicyCoverageOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const run = await runTests({ folder, entrypoint, env: terminal.env, coverage: true, ignore });
  const { coverage, results } = run;
  const tally = tallyOf(results);
  if (coverage === undefined) {
    terminal.out(json === true ? jsonLine({ ok: false, ...tally, results }) : testText(run, false));
    terminal.err('behalf: coverage of failing tests says nothing; mend them first\n');
    return 4;
  }
  const ok = coverage.percent >= threshold && tally.ran > 0;
  const source = 'opa';
  terminal.out(json === true ? jsonLine({ ok, source, ...tally, threshold, ...coverage }) : coverageText(coverage));
  if (tally.ran === 0) terminal.err('behalf: no test ran: there is none\n');
  if (coverage.percent < threshold) {
    terminal.err(`behalf: ${shownPercent(coverage.percent)} % are covered, and ${threshold} % are demanded\n`);
  }
  return ok ? 0 : 4;
}
