import type { PolicyInput } from '../policy/input.ts';
import type { Answer } from './suite-schema.ts';

/** One cell of a matrix: a whole input, and what policy is expected to say. */
export interface Cell {
  /** `SUITE/TEST/AGENT/PERSON/ACTION/GRANT`; what `--filter` is matched with. */
  readonly id: string;
  /** The file as the author would type it. */
  readonly file: string;
  /** `file:line:col` of what is expected. */
  readonly where: string;
  readonly input: PolicyInput;
  readonly expected: Answer;
}
