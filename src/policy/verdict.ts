/** What one policy said of one request: what shadow, replay and diff compare. */
export interface Verdict {
  readonly allow: boolean;
  /** `allowed`, or the code of the refusal. */
  readonly code: string;
  /** True where it said nothing that can be used: undefined, a wrong shape, a trap, no fuel left. */
  readonly isFault: boolean;
  /** The codes of its own reasons, sorted. */
  readonly reasons: readonly string[];
  /** Headers and metadata, as text to compare; undefined where they are not known. */
  readonly extras: string | undefined;
}

/** How a candidate's verdict stands to the live one's. `reason`: the same answer, for other reasons or with other headers. */
export const COMPARISONS = ['agree', 'flip_to_deny', 'flip_to_allow', 'reason', 'error'] as const;
export type Comparison = (typeof COMPARISONS)[number];
