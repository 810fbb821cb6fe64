/** Adds up what test runners really ran. Every runner's last word is the same line, so that sums are plain. */

/** @typedef {{passed: number, failed: number, skipped: number}} Tally */

const LINE = /^(\d+) passed, (\d+) failed, (\d+) skipped$/;

/** @returns {Tally | undefined} */
export function readTally(line) {
  const found = LINE.exec(line.trim());
  return found === null ? undefined : { passed: Number(found[1]), failed: Number(found[2]), skipped: Number(found[3]) };
}

const POLICY_LINE = /^\d+ tests? ran \(.*\): (\d+ passed(?:, \d+ [a-z][A-Za-z ]*)*) \(\d+ ms\)$/;

/**
 * Reads the last line of `behalf policy test`. What OPA and our runtime disagree on, and what the runtime could not
 * run, is a failure there, and here.
 * @returns {Tally | undefined}
 */
export function readPolicyTally(line) {
  const counted = POLICY_LINE.exec(line.trim())?.[1];
  if (counted === undefined) return undefined;
  const tally = { passed: 0, failed: 0, skipped: 0 };
  for (const [, count, ending] of counted.matchAll(/(\d+) ([^,]+)/g)) {
    tally[ending === 'passed' || ending === 'skipped' ? ending : 'failed'] += Number(count);
  }
  return tally;
}

export function formatTally({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

export function addTally(a, b) {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped };
}

/**
 * Reads vitest's JSON report. A file that could not even be loaded ran no test, and still is a failure: it counts one.
 * @returns {Tally}
 */
export function tallyOf(report) {
  const broken = report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0);
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + broken.length,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}
