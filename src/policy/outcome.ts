/**
 * decide: the documented input in, Outcome out. Policy can only narrow: nothing here turns a refused credential into an
 * allow. Refuses with the `policy_*` codes and `approval_required`.
 */

/** One of policy's own reasons; given for allow and deny alike. Goes to the record, never to the client. */
export interface Reason {
  readonly code: string;
  readonly message: string;
}

/** What policy said, once its shape is proven. An Outcome is always an allow: a deny is a Refusal. */
export interface Outcome {
  readonly allow: true;
  readonly reasons: readonly Reason[];
  /** `x-…` headers for the upstream; names that are ours are refused. */
  readonly headers: Readonly<Record<string, string>>;
  readonly metadata: Readonly<Record<string, string>>;
}
