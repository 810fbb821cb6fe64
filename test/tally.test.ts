import { describe, expect, it } from 'vitest';
import { readPolicyTally } from '../scripts/tally.js';
import { testText } from '../src/cli/policy-test-text.ts';

type Result = Parameters<typeof testText>[0]['results'][number];

function lastLine(...statuses: Result['status'][]): string {
  const results = statuses.map(
    (status): Result => ({ status, kind: 'cell', file: 'a_suite.yaml', row: 1, column: 1, id: 'a/b', lines: [] }),
  );
  return testText({ results, coverage: undefined, milliseconds: 12.3 }, false).trimEnd().split('\n').at(-1) ?? '';
}

describe('the sum of `npm test`', () => {
  it('counts what `behalf policy test` counted', () => {
    expect(readPolicyTally(lastLine('passed', 'passed', 'skipped'))).toEqual({ passed: 2, failed: 0, skipped: 1 });
  });

  it('counts a disagreement with OPA and a test that could not be run as failures', () => {
    const line = lastLine('passed', 'failed', 'disagreed', 'unrunnable', 'unrunnable');
    expect(readPolicyTally(line)).toEqual({ passed: 1, failed: 4, skipped: 0 });
  });

  it('takes no other line for a sum', () => {
    expect(readPolicyTally('100 % of 203 lines covered (203)')).toBeUndefined();
    expect(readPolicyTally('FAIL a_suite.yaml:1:1: 3 tests ran (x): 3 passed')).toBeUndefined();
  });
});
