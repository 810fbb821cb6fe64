import type { KeyPath } from '../../config/strict-yaml.ts';
import type { Matrix } from '../hop.ts';
import type { MatrixFile } from '../schema.ts';
import type { LintRule } from './rules.ts';

/** An `error` must be mended, or excepted; a `warning` must be known. */
export type Severity = 'error' | 'warning';

/** What is wrong with a matrix that is valid, and what to do. */
export interface Finding {
  readonly rule: LintRule;
  readonly severity: Severity;
  /** The row, where it is about one. */
  readonly hop?: string;
  readonly message: string;
  /** `path:line:col`. */
  readonly where: string;
}

/** A finding as a rule makes it: it knows the key, and no exceptions yet. */
export interface Draft extends Omit<Finding, 'where'> {
  readonly keys: KeyPath;
}

/** What the matrix does not say. */
export interface LintFacts {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Whether the store keeps what it is told and others can tell it: false for `memory:`. */
  readonly isDurable: boolean;
  /** The trust domains of `peer.jwtBundles`; undefined where behalf.yaml is not known. */
  readonly jwtBundles?: readonly string[] | undefined;
}

/** What a rule looks at. */
export interface World {
  readonly file: MatrixFile;
  readonly matrix: Matrix;
  readonly facts: LintFacts;
}
