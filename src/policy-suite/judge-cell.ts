import { isDeepStrictEqual } from 'node:util';
import type { Policy } from '../policy/policy.ts';
import { askRuntime, type Got } from './ask-runtime.ts';
import type { Cell } from './suite.ts';
import type { Answer } from './suite-schema.ts';

/**
 * Asks the policy about one cell, by the same verb that decides a Check.
 * @returns what it came to, and which parts of the expectation do not hold. A fault is never taken for a denial: a policy
 *   that is undefined everywhere would pass every suite that expects denials.
 */
export function judgeCell(
  policy: Policy,
  { input, expected }: Cell,
): { readonly got: Got; readonly wrong: readonly string[] } {
  const got = askRuntime(policy, input);
  return { got, wrong: differences(expected, got) };
}

function differences({ outcome, reasons, refusal, headers, metadata }: Answer, got: Got): readonly string[] {
  const codes = got.reasons.map(({ code }) => code).sort();
  const wrong = [
    outcome !== got.outcome && 'outcome',
    reasons !== undefined && !isDeepStrictEqual([...reasons].sort(), codes) && 'reasons',
    refusal !== undefined && refusal !== got.refusal && 'refusal',
    headers !== undefined && !isDeepStrictEqual(headers, { ...got.headers }) && 'headers',
    metadata !== undefined && !isDeepStrictEqual(metadata, { ...got.metadata }) && 'metadata',
  ];
  return wrong.filter((part) => part !== false);
}
