import type { Bundle } from './bundle.ts';

/** A policy that is asked beside the live one, and decides nothing. */
export interface Candidate {
  readonly revision: string;
  readonly entrypoint: string;
  /** Ticks for one evaluation, as the live one has. */
  readonly budget: number;
  readonly bundle: Bundle;
  /** The share of Checks that it is asked about, from 0 to 1. */
  readonly sample: number;
  /** The reload that brought it: a later one replaces an earlier one. */
  readonly epoch: number;
}

/** A shadow bundle that does not load: the live policy goes on without it. */
export interface FailedCandidate {
  readonly failure: string;
}
