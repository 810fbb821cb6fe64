import type { Coverage, TestResult, TestRun } from './policy-test-result.ts';
import { tallyOf } from './policy-test-tally.ts';

const WORDS: Readonly<Record<TestResult['status'], string>> = {
  passed: 'ok',
  failed: 'FAIL',
  disagreed: 'DISAGREE',
  unrunnable: 'NOT RUN',
  skipped: 'skip',
};

/** What a person reads: every test that did not pass and why, and always how many ran. */
export function testText({ results, milliseconds }: TestRun, isVerbose: boolean): string {
  const told = results.filter(({ status }) => isVerbose || status !== 'passed');
  return `${told.map(block).join('')}${summary(results)} (${Math.round(milliseconds)} ms)\n`;
}

/** What no test evaluated, as `file:line` or `file:first-last`, and the share of what one did. */
export function coverageText({ percent, covered, lines, files }: Coverage): string {
  const missed = files.flatMap(({ file, uncovered }) =>
    uncovered.map(([first, last]) => `${file}:${first === last ? first : `${first}-${last}`}: not covered\n`),
  );
  return `${missed.join('')}${shownPercent(percent)} % of ${lines} lines covered (${covered}), as OPA's interpreter saw it\n`;
}

/** Rounded down: 99.99 is not 100. */
export function shownPercent(percent: number): string {
  return String(Math.floor(percent * 10) / 10);
}

function block({ status, file, row, column, id, lines }: TestResult): string {
  return `${WORDS[status]} ${file}:${row}:${column}: ${id}\n${lines.map((line) => `     ${line}\n`).join('')}`;
}

function summary(results: readonly TestResult[]): string {
  const { ran, rego, cells, passed, failed, disagreed, unrunnable, skipped } = tallyOf(results);
  const parts: readonly (readonly [number, string])[] = [
    [failed, 'failed'],
    [disagreed, 'disagreed with OPA'],
    [unrunnable, 'not run'],
    [skipped, 'skipped'],
  ];
  const bad = parts.filter(([count]) => count > 0).map(([count, word]) => `, ${count} ${word}`);
  return `${amount(ran, 'test')} ran (${amount(rego, 'Rego rule')}, ${amount(cells, 'suite cell')}): ${passed} passed${bad.join('')}`;
}

function amount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
