import type { TestResult } from './policy-test-result.ts';

/** How many tests ended in which way. */
export interface Tally extends Readonly<Record<TestResult['status'], number>> {
  /** Those that the runtime ran, well or not. */
  readonly ran: number;
  readonly rego: number;
  readonly cells: number;
}

/** Counts. What the runtime could not run, and what its author skips, did not run. */
export function tallyOf(results: readonly TestResult[]): Tally {
  const count = (status: TestResult['status']): number => results.filter((each) => each.status === status).length;
  const ran = results.filter(({ status }) => status !== 'unrunnable' && status !== 'skipped');
  return {
    ran: ran.length,
    rego: ran.filter(({ kind }) => kind === 'rego').length,
    cells: ran.filter(({ kind }) => kind === 'cell').length,
    passed: count('passed'),
    failed: count('failed'),
    disagreed: count('disagreed'),
    unrunnable: count('unrunnable'),
    skipped: count('skipped'),
  };
}
