/**
 * delegate: Identity and row in, live Grant out. What a person allowed an agent: task, actions, target, context, until
 * when. Refuses with `actor_missing`, `delegation_forbidden` and the `grant_*` codes. RFC 9396 `authorization_details`.
 */

/** A grant that covers this request. `expiresAt` is a NumericDate, in seconds. */
export interface Grant {
  readonly id: string;
  readonly task: string;
  readonly actions: readonly string[];
  readonly target: string;
  readonly context: Readonly<Record<string, string>>;
  readonly expiresAt: number;
}
