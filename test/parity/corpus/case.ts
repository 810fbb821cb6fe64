import type { Random } from '../../fuzz/random.ts';

/** One call, and how to make operands for it. */
export interface Call {
  /** Rego over `input.a`, `input.b` …. A set is sorted, since JSON has none. */
  readonly rego: string;
  /** The builtins that it is about. */
  readonly of: string;
  readonly operands: (random: Random) => readonly unknown[];
}
