/** A loaded policy: one compiled bundle at one revision, ready to be asked. */
import type { PolicyInput } from './input.ts';

export interface Policy {
  /** The bundle manifest's revision, else the first 12 hex digits of the bundle's SHA-256. */
  readonly revision: string;
  readonly entrypoint: string;
  /**
   * Evaluates the entrypoint. Synchronous: a WASM evaluation runs on the caller's thread.
   * @returns what the policy said, unread; `undefined` where it said nothing
   * @throws Refusal `policy_trap`, `policy_builtin_error`
   */
  evaluate(input: PolicyInput): unknown;
}
