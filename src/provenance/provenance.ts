/**
 * record: a Trail in, telemetry out. Runs after the answer was handed to gRPC, so nothing here is on the caller's clock,
 * and nothing here can refuse: a fault of telemetry costs telemetry. One Check leaves one decision record, one span tree
 * and its share of the metrics (design §9, threats T01–T10).
 */
import { setImmediate } from 'node:timers/promises';
import type { Logger } from '../log.ts';
import { ALLOWED } from '../refusals.ts';
import { closeLineTarget, openLineTarget } from './line-target.ts';
import { LineWriter } from './line-writer.ts';
import { type CheckSample, Metrics, type ReloadResult, type Revisions } from './metrics.ts';
import { createOrigin } from './origin.ts';
import { recordOf } from './record.ts';
import { createSubjectLabel, type SubjectLabel, type SubjectLabelConfig } from './subject-label.ts';
import { answeredAt, endOf } from './timing.ts';
import { createTracing, type Place } from './tracing.ts';
import type { Trail } from './trail.ts';

export interface ProvenanceConfig extends SubjectLabelConfig {
  /** Where decision records go: `stdout`, `none`, or `file:PATH`. */
  readonly records: string;
  /** Where spans go: `otlp`, `none`, or `file:PATH`. OTLP is set by the standard `OTEL_*` variables. */
  readonly traces: string;
}

/** How telemetry itself is doing. A failure is a short code, or undefined while all is well. */
export interface ProvenanceState {
  readonly records: { readonly dropped: number; readonly failure: string | undefined };
  readonly spans: { readonly dropped: number; readonly failure: string | undefined };
}

export interface Provenance {
  /** Accounts for one Check. Called exactly once for each, when its answer is with gRPC. Never throws. */
  record(trail: Trail): void;
  /** What stands for the subject in telemetry and in dynamic metadata: a pseudonym, unless `subject: plain`. */
  readonly subjectLabel: SubjectLabel;
  /** What is in force now, at start and after each reload. */
  serving(revisions: Revisions): void;
  /** Counts one attempt to load a new configuration. */
  reloaded(result: ReloadResult): void;
  /** The metrics in Prometheus' text format. */
  metricsText(): string;
  readonly state: ProvenanceState;
  /** Writes and exports what is held; takes at most five seconds. Call it when no Check is in flight any more. */
  shutdown(): Promise<void>;
}

/** Records first: they are the proof, spans are the picture (threats T03). Together five seconds. */
const RECORDS_WITHIN_MS = 2500;
const SPANS_WITHIN_MS = 2500;

/**
 * Opens the record and trace targets and starts counting.
 * @throws Error that names the key, the target and the remedy, where a target cannot be opened
 */
export function createProvenance(config: ProvenanceConfig, log: Logger): Provenance {
  const origin = createOrigin();
  const subjectLabel = createSubjectLabel(config, log);
  const records = openRecords(config.records, log);
  const tracing = createTracing(config.traces, origin, log);
  const lost = { records: 0, spans: 0 };
  const droppedRecords = (): number => lost.records + (records?.writer.dropped ?? 0);
  const droppedSpans = (): number => lost.spans + (tracing.sink?.dropped ?? 0);
  const metrics = new Metrics(origin, () => ({ records: droppedRecords(), spans: droppedSpans() }));

  /** `what` is lost for this Check by a bug of ours. The first one is told, all are counted. */
  function lose(what: keyof typeof lost, error: unknown): void {
    lost[what] += 1;
    if (lost[what] === 1) {
      log.error({ err: error }, `${what} of a Check could not be made: please report this`);
    }
  }

  return {
    subjectLabel,
    record(trail) {
      let place: Place | undefined;
      let subject: string | undefined;
      try {
        metrics.checked(sampleOf(trail));
        place = tracing.locate(trail);
        subject = trail.identity === undefined ? undefined : subjectLabel(trail.identity);
        records?.writer.write(recordOf(trail, { place, subject }));
      } catch (error) {
        lose('records', error);
      }
      try {
        if (place !== undefined) {
          tracing.emit(trail, place, subject);
        }
      } catch (error) {
        lose('spans', error);
      }
    },
    serving: (revisions) => metrics.serving(revisions),
    reloaded: (result) => metrics.reloaded(result),
    metricsText: () => metrics.text(),
    get state() {
      return {
        records: { dropped: droppedRecords(), failure: records?.writer.failure },
        spans: { dropped: droppedSpans(), failure: tracing.sink?.failure },
      };
    },
    async shutdown() {
      // The server hands trails over by setImmediate: the last ones are still on their way.
      await setImmediate();
      await records?.close(RECORDS_WITHIN_MS);
      await tracing.sink?.close(SPANS_WITHIN_MS);
    },
  };
}

function openRecords(
  records: string,
  log: Logger,
): { readonly writer: LineWriter; close(withinMs: number): Promise<void> } | undefined {
  const target = openLineTarget('provenance.records', records);
  if (target === undefined) {
    return undefined;
  }
  const writer = new LineWriter(target, { what: 'decision records', log });
  return {
    writer,
    async close(withinMs) {
      await writer.close(withinMs);
      closeLineTarget(target);
    },
  };
}

function sampleOf(trail: Trail): CheckSample {
  const { refusal, decideTook } = trail;
  return {
    hop: trail.routed?.hop.id ?? 'unknown',
    outcome: refusal === undefined ? 'allow' : 'deny',
    reason: refusal === undefined ? ALLOWED : refusal.code,
    duration: (answeredAt(trail) - trail.started) / 1000,
    policyDuration: decideTook === undefined ? undefined : (endOf(decideTook, trail) - decideTook[0]) / 1000,
  };
}
