/**
 * Every name that leaves this process as telemetry: spans, attributes, metrics, labels, record fields. Code that writes
 * one is typed by these lists, so that a misspelt name does not compile. docs/telemetry.md says what each means;
 * names.test.ts keeps list and page equal both ways.
 */

export const SPANS = ['behalf.check', 'behalf.identify', 'behalf.decide'] as const;

/** Attributes of the span `behalf.check`. Its children carry none: what they would say is on their parent. */
export const ATTRIBUTES = [
  'behalf.decision.id',
  'behalf.decision.outcome',
  'behalf.decision.reason',
  'behalf.hop',
  'behalf.boundary',
  'behalf.peer.id',
  'behalf.subject.id',
  'behalf.agent.id',
  'behalf.agent.chain',
  'behalf.grant.id',
  'behalf.task.id',
  'behalf.token.issuer',
  'behalf.policy.revision',
  'behalf.matrix.revision',
  'behalf.fallback',
  'opa.decision_id',
  'error.type',
] as const;

/** Events on the span `behalf.check`, and their attributes. */
export const EVENTS = {
  'behalf.shadow': ['behalf.shadow.result', 'behalf.shadow.revision', 'behalf.shadow.reason'],
} as const;

/** Metric name → its labels and help text. The label set of a metric never changes, and no label is unbounded. */
export const METRICS = {
  behalf_check_total: { labels: ['hop', 'outcome', 'reason'], help: 'Checks answered' },
  behalf_fallback_total: { labels: ['hop', 'to'], help: 'Checks that a fault made another row decide' },
  behalf_observed_total: {
    labels: ['hop', 'reason'],
    help: 'Denials that were not enforced, as the row is only observed',
  },
  behalf_grant_expired_total: { labels: [], help: 'Checks denied because the grant was over' },
  behalf_revocation_staleness_seconds: { labels: [], help: 'Time since the store was last read whole' },
  behalf_check_duration_seconds: { labels: ['outcome'], help: 'From receipt of a Check to its answer' },
  behalf_policy_duration_seconds: { labels: [], help: 'Time that policy took, input included' },
  behalf_policy_ticks: { labels: [], help: 'What an evaluation took of policy.budget' },
  behalf_shadow_total: {
    labels: ['hop', 'result'],
    help: 'Checks that the shadow policy was asked about, and how its answer compares',
  },
  behalf_shadow_dropped_total: { labels: [], help: 'Checks in the sample that the shadow policy was too busy for' },
  behalf_shadow_load_failures_total: { labels: [], help: 'Attempts to load the shadow policy that failed' },
  behalf_shadow_info: { labels: ['revision'], help: 'The shadow policy; always 1, absent without one' },
  behalf_records_dropped_total: { labels: [], help: 'Decision records that were not written' },
  behalf_records_upload_dropped_total: { labels: [], help: 'Decision records that were not uploaded' },
  behalf_records_mask_failures_total: {
    labels: [],
    help: 'Decision records that lost their input and result, as the policy that masks them failed',
  },
  behalf_spans_dropped_total: { labels: [], help: 'Spans that were not exported' },
  behalf_policy_bundle_age_seconds: {
    labels: [],
    help: 'Time since the bundle server confirmed the policy in force; absent without a server',
  },
  behalf_policy_info: { labels: ['revision'], help: 'The policy bundle in force; always 1' },
  behalf_matrix_info: { labels: ['revision'], help: 'The auth matrix in force; always 1' },
  behalf_reload_total: { labels: ['result'], help: 'Attempts to load a new configuration' },
} as const;

/** Top-level fields of a decision record: OPA's decision log, and `authz`. */
export const RECORD_FIELDS = [
  'labels',
  'decision_id',
  'trace_id',
  'span_id',
  'bundles',
  'path',
  'input',
  'input_digest',
  'erased',
  'masked',
  'result',
  'requested_by',
  'timestamp',
  'metrics',
  'req_id',
  'authz',
] as const;

/** `labels` of a record. */
export const LABEL_FIELDS = ['id', 'version', 'app'] as const;

/** `input` of a record: what policy was asked, as far as it may be kept; before policy, what is known of it. */
export const INPUT_FIELDS = [
  'version',
  'hop',
  'peer',
  'subject',
  'actor',
  'chain',
  'token',
  'grant',
  'request',
  'mcp',
  'batch',
  'time',
] as const;

/** `metrics` of a record. */
export const TIMER_FIELDS = ['timer_server_handler_ns', 'timer_identify_ns', 'timer_rego_query_eval_ns'] as const;

/** `authz` of a record. */
export const AUTHZ_FIELDS = [
  'outcome',
  'reason',
  'class',
  'detail',
  'hop',
  'boundary',
  'peer',
  'subject',
  'subject_issuer',
  'agent',
  'actor',
  'chain',
  'grant',
  'grant_version',
  'approval',
  'task',
  'token_issuer',
  'fallback',
  'destination',
  'sni',
  'policy',
  'shadow',
  'matrix_revision',
  'config_epoch',
] as const;

/** Fields of a line in a span file (`provenance.traces: file:PATH`). */
export const SPAN_FIELDS = [
  'trace_id',
  'span_id',
  'parent_span_id',
  'name',
  'kind',
  'start',
  'end',
  'attributes',
  'events',
  'status',
  'links',
] as const;

export type SpanName = (typeof SPANS)[number];
export type AttributeName = (typeof ATTRIBUTES)[number];
export type EventName = keyof typeof EVENTS;
export type MetricName = keyof typeof METRICS;
export type RecordField = (typeof RECORD_FIELDS)[number];
export type LabelField = (typeof LABEL_FIELDS)[number];
export type InputField = (typeof INPUT_FIELDS)[number];
export type TimerField = (typeof TIMER_FIELDS)[number];
export type AuthzField = (typeof AUTHZ_FIELDS)[number];
