/** A loaded policy: one compiled bundle at one revision, ready to be asked. */
import type { Bundle } from './bundle.ts';
import type { LogRules } from './log-rules.ts';

export interface Policy {
  /** The bundle manifest's revision, else the first 12 hex digits of the bundle's SHA-256. */
  readonly revision: string;
  readonly entrypoint: string;
  /**
   * Evaluates the entrypoint. Synchronous: a WASM evaluation runs on the caller's thread.
   * @param input as JSON; a text of no length for a test without one, as OPA asks it
   * @returns what the policy said, unread; `undefined` where it said nothing
   * @throws Refusal `policy_timeout`, `policy_trap`, `policy_builtin_error`
   */
  evaluate(input: string): unknown;
  /** The most ticks that one evaluation may take (`policy.budget`). */
  readonly budget: number;
  /** What the last evaluation took, whether it ended or was cut off: the headroom is what it left of the budget. */
  readonly lastTicks: number;
  /** What it was compiled from, where it was loaded from a bundle. */
  readonly bundle?: Bundle;
  /** What the same bundle says about decision records. */
  readonly log?: LogRules;
}

/** The shipped policy takes about 10,000 for a request; a million are 1 to 5 ms (docs/adr/0010-fuel-for-policy.md). */
export const DEFAULT_BUDGET = 1_000_000;
