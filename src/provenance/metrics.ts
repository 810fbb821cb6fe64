import { type Attributes, type HrTime, ValueType } from '@opentelemetry/api';
import { hrTime } from '@opentelemetry/core';
import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import {
  AggregationTemporality,
  type DataPoint,
  DataPointType,
  type MetricData,
  type MetricDescriptor,
} from '@opentelemetry/sdk-metrics';
import type { Comparison } from '../policy/verdict.ts';
import type { RefusalCode } from '../refusals.ts';
import { Histogram } from './histogram.ts';
import { METRICS, type MetricName } from './names.ts';
import type { Origin } from './origin.ts';
import type { OutcomeWord } from './outcome.ts';

export type ReloadResult = 'success' | 'failure';

/** What is in force: the labels of the two info metrics. */
export interface Revisions {
  readonly policy: string;
  readonly matrix: string;
  /** The policy that is asked beside it, or why it could not be loaded. */
  readonly shadow?: { readonly revision: string } | { readonly failure: string } | undefined;
  /** Counts reloads. */
  readonly epoch?: number;
  /** Asked at each scrape: seconds since the bundle server confirmed the policy; undefined without a server. */
  readonly bundleAge?: () => number | undefined;
}

/** One answered Check, as the metrics see it. `hop` is a row of the matrix, or `unknown`. Durations in seconds. */
export interface CheckSample {
  readonly hop: string;
  readonly outcome: OutcomeWord;
  readonly reason: string;
  /** The row that decided instead, after a fault. */
  readonly fallback: { readonly from: string; readonly to: string } | undefined;
  readonly duration: number;
  readonly policyDuration: number | undefined;
  readonly policyTicks: number | undefined;
}

/** Telemetry that was lost so far. */
export interface Losses {
  readonly records: { readonly dropped: number; readonly maskFailures: number };
  readonly upload: { readonly dropped: number };
  readonly spans: { readonly dropped: number };
}

/** Asked at each scrape, so that the owner of a count stays its owner. `staleness` is in milliseconds. */
export interface Owners {
  readonly losses: () => Losses;
  readonly staleness: () => number;
}

type Labels<Name extends MetricName> = Readonly<Record<(typeof METRICS)[Name]['labels'][number], string>>;
type Point<Value> = readonly [labels: Attributes, value: Value];

const CHECK_BOUNDS = [0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.5, 1];
const TICK_BOUNDS = [1e3, 2.5e3, 5e3, 1e4, 2.5e4, 5e4, 1e5, 2.5e5, 5e5, 7.5e5, 1e6, 2.5e6, 5e6, 1e7];
const POLICY_BOUNDS = [0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1];

/**
 * Counts in plain maps, and hands them to OpenTelemetry's model only when someone asks: the SDK's instruments hash the
 * attributes at every call, and keep the series of a former revision for ever. Memory is bounded by rows times codes
 * (threats T08).
 */
export class Metrics {
  readonly #checks = byOutcome(() => new Map<string, Map<string, number>>());
  readonly #fallbacks = new Map<string, Map<string, number>>();
  readonly #durations = byOutcome(() => new Histogram(CHECK_BOUNDS));
  readonly #policyDuration = new Histogram(POLICY_BOUNDS);
  readonly #policyTicks = new Histogram(TICK_BOUNDS);
  readonly #shadows = new Map<string, Map<string, number>>();
  #shadowsDropped = 0;
  #shadowFailures = 0;
  readonly #reloads: Record<ReloadResult, number> = { success: 0, failure: 0 };
  readonly #started = hrTime();
  readonly #origin: Origin;
  readonly #owners: Owners;
  readonly #serializer = new PrometheusSerializer(undefined, false, undefined, false, true);
  #revisions: Revisions | undefined;

  constructor(origin: Origin, owners: Owners) {
    this.#origin = origin;
    this.#owners = owners;
  }

  checked({ hop, outcome, reason, duration, policyDuration, policyTicks, fallback }: CheckSample): void {
    count(this.#checks[outcome], hop, reason);
    if (fallback !== undefined) {
      count(this.#fallbacks, fallback.from, fallback.to);
    }
    this.#durations[outcome].observe(duration);
    if (policyDuration !== undefined) {
      this.#policyDuration.observe(policyDuration);
    }
    if (policyTicks !== undefined) {
      this.#policyTicks.observe(policyTicks);
    }
  }

  /** @param result absent where the shadow policy was too busy to be asked */
  shadowed(hop: string, result: Comparison | undefined): void {
    if (result === undefined) this.#shadowsDropped += 1;
    else count(this.#shadows, hop, result);
  }

  reloaded(result: ReloadResult): void {
    this.#reloads[result] += 1;
  }

  serving(revisions: Revisions): void {
    const { shadow, epoch, policy } = revisions;
    // Figures about another pair of policies would be taken for ones about this.
    if (revisionOf(shadow) !== revisionOf(this.#revisions?.shadow) || policy !== this.#revisions?.policy) {
      this.#shadows.clear();
      this.#shadowsDropped = 0;
    }
    const isNew = epoch === undefined || epoch !== this.#revisions?.epoch;
    if (isNew && shadow !== undefined && 'failure' in shadow) this.#shadowFailures += 1;
    this.#revisions = revisions;
  }

  /** All metrics in Prometheus' text format. */
  text(): string {
    return this.#serializer.serialize({
      resource: this.#origin.resource,
      scopeMetrics: [{ scope: this.#origin.scope, metrics: this.#collect(hrTime()) }],
    });
  }

  #collect(now: HrTime): MetricData[] {
    const times = { startTime: this.#started, endTime: now };
    const losses = this.#owners.losses();
    const revisions = this.#revisions;
    const bundleAge = revisions?.bundleAge?.();
    return [
      sum('behalf_check_total', [...this.#checkPoints()], times),
      sum('behalf_fallback_total', [...points(this.#fallbacks, (hop, to) => ({ hop, to }))], times),
      sum('behalf_observed_total', [...points(this.#checks.observe, (hop, reason) => ({ hop, reason }))], times),
      sum('behalf_grant_expired_total', [[{}, this.#denied('grant_expired')]], times),
      gauge('behalf_revocation_staleness_seconds', [[{}, this.#owners.staleness() / 1000]], times),
      histogram('behalf_check_duration_seconds', this.#durationPoints(), times),
      histogram('behalf_policy_duration_seconds', [[{}, this.#policyDuration]], times),
      histogram('behalf_policy_ticks', [[{}, this.#policyTicks]], times),
      ...this.#shadowMetrics(times),
      sum('behalf_records_dropped_total', [[{}, losses.records.dropped]], times),
      sum('behalf_records_upload_dropped_total', [[{}, losses.upload.dropped]], times),
      sum('behalf_records_mask_failures_total', [[{}, losses.records.maskFailures]], times),
      sum('behalf_spans_dropped_total', [[{}, losses.spans.dropped]], times),
      gauge('behalf_policy_bundle_age_seconds', bundleAge === undefined ? [] : [[{}, bundleAge]], times),
      gauge('behalf_policy_info', revisions === undefined ? [] : [[{ revision: revisions.policy }, 1]], times),
      gauge('behalf_matrix_info', revisions === undefined ? [] : [[{ revision: revisions.matrix }, 1]], times),
      sum('behalf_reload_total', this.#reloadPoints(), times),
    ];
  }

  #shadowMetrics(times: Times): MetricData[] {
    const shadow = this.#revisions?.shadow;
    const info: Point<number>[] =
      shadow === undefined || 'failure' in shadow ? [] : [[{ revision: shadow.revision }, 1]];
    return [
      sum('behalf_shadow_total', [...points(this.#shadows, (hop, result) => ({ hop, result }))], times),
      sum('behalf_shadow_dropped_total', [[{}, this.#shadowsDropped]], times),
      sum('behalf_shadow_load_failures_total', [[{}, this.#shadowFailures]], times),
      gauge('behalf_shadow_info', info, times),
    ];
  }

  *#checkPoints(): Generator<Point<number>> {
    for (const outcome of OUTCOMES) {
      type Label = Labels<'behalf_check_total'>;
      yield* points(this.#checks[outcome], (hop, reason): Label => ({ hop, outcome, reason }));
    }
  }

  #denied(code: RefusalCode): number {
    return [...this.#checks.deny.values()].reduce((all, reasons) => all + (reasons.get(code) ?? 0), 0);
  }

  #durationPoints(): Point<Histogram>[] {
    return OUTCOMES.map((outcome) => [
      { outcome } satisfies Labels<'behalf_check_duration_seconds'>,
      this.#durations[outcome],
    ]);
  }

  #reloadPoints(): Point<number>[] {
    return (['success', 'failure'] as const).map((result) => [
      { result } satisfies Labels<'behalf_reload_total'>,
      this.#reloads[result],
    ]);
  }
}

const OUTCOMES: readonly OutcomeWord[] = ['allow', 'deny', 'degrade', 'observe'];

function revisionOf(shadow: Revisions['shadow']): string | undefined {
  return shadow === undefined || 'failure' in shadow ? undefined : shadow.revision;
}

function byOutcome<Value>(make: () => Value): Record<OutcomeWord, Value> {
  return { allow: make(), deny: make(), degrade: make(), observe: make() };
}

function count(counts: Map<string, Map<string, number>>, first: string, second: string): void {
  let inner = counts.get(first);
  if (inner === undefined) {
    inner = new Map();
    counts.set(first, inner);
  }
  inner.set(second, (inner.get(second) ?? 0) + 1);
}

function* points(
  counts: ReadonlyMap<string, ReadonlyMap<string, number>>,
  labels: (first: string, second: string) => Attributes,
): Generator<Point<number>> {
  for (const [first, inner] of counts) {
    for (const [second, value] of inner) {
      yield [labels(first, second), value];
    }
  }
}

type Times = Pick<DataPoint<unknown>, 'startTime' | 'endTime'>;

function common(name: MetricName): { descriptor: MetricDescriptor; aggregationTemporality: AggregationTemporality } {
  const descriptor = { name, description: METRICS[name].help, unit: '', valueType: ValueType.DOUBLE };
  return { descriptor, aggregationTemporality: AggregationTemporality.CUMULATIVE };
}

function sum(name: MetricName, points: readonly Point<number>[], times: Times): MetricData {
  const dataPoints = points.map(([attributes, value]) => ({ attributes, value, ...times }));
  return { ...common(name), dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints };
}

function gauge(name: MetricName, points: readonly Point<number>[], times: Times): MetricData {
  const dataPoints = points.map(([attributes, value]) => ({ attributes, value, ...times }));
  return { ...common(name), dataPointType: DataPointType.GAUGE, dataPoints };
}

function histogram(name: MetricName, points: readonly Point<Histogram>[], times: Times): MetricData {
  const dataPoints = points.map(([attributes, { value }]) => ({ attributes, value, ...times }));
  return { ...common(name), dataPointType: DataPointType.HISTOGRAM, dataPoints };
}
