import { ALLOWED, Refusal } from '../refusals.ts';
import { asked } from './asked.ts';
import { decide } from './decide.ts';
import type { PolicyInput } from './input.ts';
import type { Outcome, Reason } from './outcome.ts';
import type { Policy } from './policy.ts';
import type { Verdict } from './verdict.ts';

/** The refusals by which a policy decides. With any other it has failed to, whatever the client is told. */
const DENIALS: ReadonlySet<string> = new Set(['policy_denied', 'approval_required']);

/**
 * Asks a policy by the same rules as a Check does, and only tells what it would have said. Of a batch each element is
 * asked about, and the first refusal is the verdict (threats E18).
 */
export function askPolicy(policy: Policy, questions: readonly PolicyInput[]): Verdict {
  try {
    return permitted(questions.map((question) => decide(policy, asked(question))));
  } catch (error) {
    const refusal = error instanceof Refusal ? error : new Refusal('internal_error', 'the policy failed');
    const { code, reasons } = refusal;
    return { allow: false, code, isFault: !DENIALS.has(code), reasons: codesOf(reasons), extras: '' };
  }
}

function permitted(outcomes: readonly Outcome[]): Verdict {
  return {
    allow: true,
    code: ALLOWED,
    isFault: false,
    reasons: codesOf(outcomes.flatMap(({ reasons }) => reasons)),
    extras: JSON.stringify(outcomes.map(({ headers, metadata }) => [sorted(headers), sorted(metadata)])),
  };
}

function codesOf(reasons: readonly Reason[]): readonly string[] {
  return [...new Set(reasons.map(({ code }) => code))].sort();
}

function sorted(values: Readonly<Record<string, string>>): readonly (readonly [string, string])[] {
  return Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1));
}
