/** Types of tally.js, for its test. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}
export function readPolicyTally(line: string): Tally | undefined;
