import type { Policy } from '../../src/policy/policy.ts';
import { Refusal } from '../../src/refusals.ts';
import type { Outcome } from './outcome.ts';

/** What our runtime says to an input. */
export function askOurs(policy: Policy, input: unknown): Outcome {
  try {
    const value = policy.evaluate(JSON.stringify(input));
    return value === undefined ? { kind: 'undefined' } : { kind: 'value', value };
  } catch (error) {
    if (error instanceof Refusal) return { kind: 'error', detail: `${error.code}: ${error.detail}` };
    throw error;
  }
}
