import type { DpopRules } from './identity/dpop-rules.ts';
import type { Issuers } from './identity/issuers.ts';
import type { PeerRules } from './identity/peer-rules.ts';
import type { Matrix } from './matrix/hop.ts';
import type { Candidate, FailedCandidate } from './policy/candidate.ts';
import type { Policy } from './policy/policy.ts';

/**
 * Everything a reload replaces, in one object that is swapped in one assignment: a Check reads it once and never sees
 * two configurations (threats P13, Y05).
 */
export interface Snapshot {
  /** Counts reloads; in every record, so that it shows under which configuration a decision was made. */
  readonly epoch: number;
  readonly matrix: Matrix;
  /** How the caller of a Check is identified. */
  readonly peer: PeerRules;
  readonly issuers: Issuers;
  /** How DPoP proofs are checked. */
  readonly dpop: DpopRules;
  readonly policy: Policy;
  /** What is asked beside it, and decides nothing. */
  readonly shadow?: Candidate | FailedCandidate | undefined;
  /** `denials.detail`: what a refused client may read. */
  readonly denialDetail: 'class' | 'full';
}
