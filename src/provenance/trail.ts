import type { Grant, WantedApproval } from '../delegation/grant.ts';
import type { Identity, Peer } from '../identity/identity.ts';
import type { RoutedHop } from '../matrix/hop.ts';
import type { Asked } from '../policy/asked.ts';
import type { Outcome } from '../policy/outcome.ts';
import type { Refusal, RefusalCode } from '../refusals.ts';
import type { CheckInput } from '../request/check-input.ts';
import type { Snapshot } from '../snapshot.ts';

/** A step's start and end, in milliseconds of the monotonic clock (`performance.now()`). No end: the step refused. */
export type Interval = [start: number, end: number | undefined];

/**
 * What became known during one Check, filled from left to right by check.ts and read once by `record`, after the answer
 * is on its way. A missing member means that the Check was refused before that step.
 */
export interface Trail {
  /** UUID; in the denial's body, the headers, the metadata, the span and the record. */
  readonly decisionId: string;
  /** Wall clock at receipt, in milliseconds since the epoch. */
  readonly receivedAt: number;
  /** Monotonic clock at receipt. */
  readonly started: number;
  /** W3C `traceparent` and `tracestate` of the gRPC call: Envoy's own span. */
  readonly callerTrace: { readonly traceparent?: string; readonly tracestate?: string };
  /** The snapshot that decided: what the record is masked by, and what shadows its policy. */
  live?: Snapshot;
  epoch?: number;
  denialDetail?: 'class' | 'full';
  /** Known as soon as the message is decoded: a request that cannot be read is still denied in its own protocol. */
  isGrpc?: boolean;
  matrixRevision?: string;
  policyRevision?: string;
  /** The policy's entrypoint; `path` of the decision record. */
  entrypoint?: string;
  input?: CheckInput;
  routed?: RoutedHop;
  peer?: Peer;
  identity?: Identity;
  /** Pseudonym or id of the subject: what telemetry may call it. */
  subjectLabel?: string;
  grant?: Grant | undefined;
  /** The approval that would fit the request, where the row knows approvals. */
  wanted?: WantedApproval | undefined;
  /** What policy was asked; of a batch, about its first element: the others differ in `mcp` alone. */
  asked?: Asked;
  outcome?: Outcome;
  identifyTook?: Interval;
  decideTook?: Interval;
  /** What the evaluation took of `policy.budget`; of several, the most. */
  policyTicks?: number;
  /** Set where a fault made the Check go on under another row. `routed` is that row. */
  fallback?: { readonly from: string; readonly to: string; readonly because: RefusalCode };
  /** Set once the timer has answered for a step that took too long. */
  isOverdue?: boolean;
  /** Set where the Check was denied. */
  refusal?: Refusal;
  /** True where the denial was not enforced: the row is only observed yet. */
  observed?: boolean;
  /** Monotonic clock when the answer was handed to gRPC. */
  answered?: number;
}
