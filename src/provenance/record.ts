import type { SpanContext } from '@opentelemetry/api';
import { ALLOWED } from '../refusals.ts';
import { bounded } from './bounded.ts';
import { jsonLine } from './json-line.ts';
import type { AuthzField, InputField, LabelField, RecordField, TimerField } from './names.ts';
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
  /** Pseudonym or id of the subject, where one was identified. */
  readonly subject: string | undefined;
}

type Members<Field extends string> = Partial<Record<Field, unknown>>;

const LABELS: Members<LabelField> = Object.freeze({ id: INSTANCE, version: VERSION, app: 'behalf' });
const LONGEST_PATH = 1024;
const MOST_REASONS = 16;
const MOST_CALLS = 32;

/**
 * The decision record of one Check, as one line of NDJSON: OPA's decision-log event plus `authz`. There is one for every
 * Check, also where nothing could be read of it. It holds no header, query or claim value, no token and no body
 * (threats T07); `undefined` members are left out.
 * @see https://www.openpolicyagent.org/docs/management-decision-logs
 */
export function recordOf(trail: Trail, parts: RecordParts): string {
  const { input, peer } = trail;
  const { place, context } = parts;
  const record: Members<RecordField> = {
    labels: LABELS,
    decision_id: trail.decisionId,
    trace_id: context?.traceId ?? place.parent?.traceId,
    span_id: context?.spanId,
    bundles: trail.policyRevision === undefined ? undefined : { authz: { revision: trail.policyRevision } },
    path: trail.entrypoint,
    input: input === undefined ? undefined : redactedInput(trail, input),
    result: { allow: trail.refusal === undefined, reasons: reasonsOf(trail) },
    // Before a peer is proven, what Envoy calls the caller: a refused caller has a name too.
    requested_by: peer?.id ?? bounded(input?.peer.principal ?? ''),
    timestamp: new Date(trail.receivedAt).toISOString(),
    metrics: timersOf(trail),
    req_id: input?.requestId === undefined ? undefined : bounded(input.requestId, 128),
    authz: authzOf(trail, parts.subject),
  };
  return jsonLine(record);
}

function redactedInput({ routed }: Trail, input: NonNullable<Trail['input']>): Members<InputField> {
  return {
    hop: routed?.hop.id ?? (input.namedHop === undefined ? undefined : bounded(input.namedHop)),
    method: input.method,
    host: bounded(input.host),
    path: bounded(input.path, LONGEST_PATH),
    // They are pieces of the path, so they are as long as it is.
    params: input.path.length > LONGEST_PATH ? undefined : routed?.params,
    // What was asked for, never with what arguments (design §9).
    mcp: routed?.mcp
      ?.slice(0, MOST_CALLS)
      .map(({ method, tool }) => ({ method: bounded(method), tool: tool && bounded(tool) })),
    destination: input.destination,
    sni: input.sni === undefined ? undefined : bounded(input.sni),
  };
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

function authzOf(trail: Trail, subject: string | undefined): Members<AuthzField> {
  const { refusal, routed, peer, identity, grant } = trail;
  return {
    outcome: outcomeOf(trail),
    reason: refusal === undefined ? ALLOWED : refusal.code,
    class: refusal?.row.class,
    detail: refusal === undefined ? undefined : bounded(refusal.detail),
    hop: routed?.hop.id,
    boundary: routed?.hop.boundary,
    peer: peer?.id,
    subject,
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
    matrix_revision: trail.matrixRevision,
    config_epoch: trail.epoch,
  };
}
