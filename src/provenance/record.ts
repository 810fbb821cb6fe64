import type { SpanContext } from '@opentelemetry/api';
import type { Verdict } from '../policy/verdict.ts';
import { ALLOWED } from '../refusals.ts';
import { bounded } from './bounded.ts';
import type { KeptInput } from './kept-input.ts';
import { liveVerdict } from './live-verdict.ts';
import type { AuthzField, LabelField, RecordField, TimerField } from './names.ts';
import { INSTANCE } from './origin.ts';
import { outcomeOf } from './outcome.ts';
import type { Place } from './place.ts';
import { answeredAt, endOf } from './timing.ts';
import type { Interval, Trail } from './trail.ts';
import { VERSION } from './version.ts';

/** What the record needs besides the trail. */
export interface RecordParts {
  readonly place: Place;
  /** Of our own span; absent where that is not exported: an id that leads nowhere helps no one. */
  readonly context: SpanContext | undefined;
  /** What may be written down of what policy was asked, or of the request. */
  readonly kept: KeptInput | undefined;
  /** Names what policy was asked, whole; absent where it was not asked. */
  readonly digest: string | undefined;
}

/** A decision record, before it is a line: OPA's decision-log event and `authz`. */
export type DecisionRecord = Members<RecordField>;

type Members<Field extends string> = Partial<Record<Field, unknown>>;

const LABELS: Members<LabelField> = Object.freeze({ id: INSTANCE, version: VERSION, app: 'behalf' });
const MOST_REASONS = 16;

/**
 * The decision record of one Check: OPA's decision-log event plus `authz`. There is one for every Check, also where
 * nothing could be read of it. It holds no token, and of the request what `kept` holds (threats T07); `undefined` members
 * are left out. Its parts are those of the trail: never change them.
 * @see https://www.openpolicyagent.org/docs/management-decision-logs
 */
export function recordOf(trail: Trail, parts: RecordParts): DecisionRecord {
  const { input, peer } = trail;
  const { place, context, kept } = parts;
  return {
    labels: LABELS,
    decision_id: trail.decisionId,
    trace_id: context?.traceId ?? place.parent?.traceId,
    span_id: context?.spanId,
    bundles: trail.policyRevision === undefined ? undefined : { authz: { revision: trail.policyRevision } },
    path: trail.entrypoint,
    input: kept?.input,
    input_digest: parts.digest,
    erased: someOf(kept?.erased),
    masked: someOf(kept?.masked),
    result: { allow: trail.refusal === undefined, reasons: reasonsOf(trail) },
    // Before a peer is proven, what Envoy calls the caller: a refused caller has a name too.
    requested_by: peer?.id ?? bounded(input?.peer.principal ?? ''),
    timestamp: new Date(trail.receivedAt).toISOString(),
    metrics: timersOf(trail),
    req_id: input?.requestId === undefined ? undefined : bounded(input.requestId, 128),
    authz: authzOf(trail),
  };
}

function someOf(pointers: readonly string[] = []): readonly string[] | undefined {
  return pointers.length === 0 ? undefined : pointers;
}

function reasonsOf({ outcome, refusal }: Trail): readonly { readonly code: string; readonly message: string }[] {
  // A step after policy may refuse what policy allowed: then policy's reasons are still policy's.
  const refused = refusal?.reasons ?? [];
  const reasons = refused.length > 0 ? refused : (outcome?.reasons ?? []);
  return reasons
    .slice(0, MOST_REASONS)
    .map(({ code, message }) => ({ code: bounded(code), message: bounded(message) }));
}

function timersOf(trail: Trail): Members<TimerField> {
  return {
    timer_server_handler_ns: nanoseconds(answeredAt(trail) - trail.started),
    timer_identify_ns: stepNanoseconds(trail, trail.identifyTook),
    timer_rego_query_eval_ns: stepNanoseconds(trail, trail.decideTook),
  };
}

function stepNanoseconds(trail: Trail, step: Interval | undefined): number | undefined {
  return step === undefined ? undefined : nanoseconds(endOf(step, trail) - step[0]);
}

function nanoseconds(milliseconds: number): number {
  return Math.round(milliseconds * 1e6);
}

function authzOf(trail: Trail): Members<AuthzField> {
  const { refusal, routed, peer, identity, grant, input } = trail;
  return {
    outcome: outcomeOf(trail),
    reason: refusal === undefined ? ALLOWED : refusal.code,
    class: refusal?.row.class,
    detail: refusal === undefined ? undefined : bounded(refusal.detail),
    hop: routed?.hop.id,
    boundary: routed?.hop.boundary,
    peer: peer?.id,
    subject: trail.subjectLabel,
    subject_issuer: identity?.subject.issuer,
    agent: identity?.agents[0],
    actor: identity?.actor?.id,
    chain: identity?.chain.map(({ id }) => bounded(id)),
    grant: grant === undefined ? undefined : bounded(grant.id),
    grant_version: grant?.version,
    approval: grant?.approval === undefined ? undefined : bounded(grant.approval.id),
    task: grant === undefined ? undefined : bounded(grant.task),
    token_issuer: identity?.token.issuer,
    fallback: trail.fallback?.to,
    destination: input?.destination,
    sni: input?.sni === undefined ? undefined : bounded(input.sni),
    policy: saidBy(liveVerdict(trail)),
    matrix_revision: trail.matrixRevision,
    config_epoch: trail.epoch,
  };
}

/** Policy's own answer: a later step may refuse what it allowed. Absent where it was not asked. */
function saidBy(verdict: Verdict | undefined): 'allow' | 'deny' | 'error' | undefined {
  if (verdict === undefined) return undefined;
  if (verdict.isFault) return 'error';
  return verdict.allow ? 'allow' : 'deny';
}
