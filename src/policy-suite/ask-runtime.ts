import { asked } from '../policy/asked.ts';
import { decide } from '../policy/decide.ts';
import type { PolicyInput } from '../policy/input.ts';
import type { Policy } from '../policy/policy.ts';
import { Refusal } from '../refusals.ts';
import type { SuiteOutcome } from './suite-schema.ts';

/** What policy came to, as a Check would take it. */
export interface Got {
  readonly outcome: SuiteOutcome;
  readonly reasons: readonly { readonly code: string; readonly message: string }[];
  /** Where a Check would end with one. */
  readonly refusal?: string;
  /** What a fault says of itself. */
  readonly detail?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly metadata?: Readonly<Record<string, string>>;
}

const OUTCOME_OF: Readonly<Record<string, SuiteOutcome>> = { policy_denied: 'deny', approval_required: 'approval' };

/** Asks by the same verb that decides a Check, and tells what it came to. A fault is one, and never a denial. */
export function askRuntime(policy: Policy, input: PolicyInput): Got {
  try {
    const { reasons, headers, metadata } = decide(policy, asked(input));
    return { outcome: 'allow', reasons, headers, metadata };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const outcome = OUTCOME_OF[error.code] ?? 'fault';
    const refused = { outcome, reasons: error.reasons, refusal: error.code };
    return outcome === 'fault' ? { ...refused, detail: error.detail } : refused;
  }
}
