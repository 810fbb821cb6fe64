/**
 * record: a Trail in, telemetry out. Runs after the answer was handed to gRPC, so nothing here is on the caller's clock,
 * and nothing here can refuse: a fault of telemetry costs telemetry. One Check leaves one decision record, one span tree
 * and its share of the metrics (design §9, threats T01–T10).
 */
import { setImmediate } from 'node:timers/promises';
import type { Logger } from '../log.ts';
import type { Shadow, Shadowed } from '../policy/shadow.ts';
import { ALLOWED } from '../refusals.ts';
import { askShadow } from './ask-shadow.ts';
import { createInputDigest, type InputDigest } from './input-digest.ts';
import { Journal, type JournalEntry } from './journal.ts';
import type { InputDetail } from './kept-input.ts';
import { openLineTarget } from './line-target.ts';
import { LineWriter } from './line-writer.ts';
import { type CheckSample, Metrics, type ReloadResult, type Revisions } from './metrics.ts';
import { createOrigin, type Origin } from './origin.ts';
import { outcomeOf } from './outcome.ts';
import { placeOf } from './place.ts';
import { shadowedSpans } from './shadowed-spans.ts';
import { type Span, spansOf } from './span.ts';
import { createSubjectLabel, type SubjectLabel, type SubjectLabelConfig } from './subject-label.ts';
import { answeredAt, endOf } from './timing.ts';
import { createTracing, type Tracing } from './tracing.ts';
import type { Trail } from './trail.ts';
import { Upload, type UploadConfig } from './upload.ts';

export interface ProvenanceConfig extends SubjectLabelConfig {
  /** Where decision records go: `stdout`, `none`, or `file:PATH`. */
  readonly records: string;
  /** Where spans go: `otlp`, `none`, or `file:PATH`. OTLP is set by the standard `OTEL_*` variables. */
  readonly traces: string;
  /** What records keep of policy's input: `redacted`, where it is absent. */
  readonly input?: InputDetail | undefined;
  /** Where records are sent to besides. */
  readonly upload?: UploadConfig | undefined;
}

/** What records and metrics are made from, besides trails. */
export interface ProvenanceSources {
  /** How old the store's facts are, in milliseconds; asked at each scrape. */
  readonly staleness?: () => number;
  /** Asks candidates beside the live policy; without it, none is asked. */
  readonly shadow?: Shadow;
}

/** How telemetry itself is doing. A failure is a short code, or undefined while all is well. */
export interface ProvenanceState {
  readonly records: { readonly dropped: number; readonly failure: string | undefined; readonly maskFailures: number };
  readonly upload: { readonly dropped: number; readonly failure: string | undefined };
  readonly spans: { readonly dropped: number; readonly failure: string | undefined };
}

export interface Provenance {
  /** Accounts for one Check. Called exactly once for each, when its answer is with gRPC. Never throws. */
  readonly record: (trail: Trail) => void;
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
export function createProvenance(config: ProvenanceConfig, log: Logger, sources: ProvenanceSources = {}): Provenance {
  const origin = createOrigin();
  const subjectLabel = createSubjectLabel(config, log);
  const target = openLineTarget('provenance.records', config.records);
  const records = target && new LineWriter(target, { what: 'decision records', log });
  const upload = config.upload && new Upload(config.upload, log);
  const tracing = createTracing(config.traces, origin, log);
  const keep = {
    detail: config.input ?? 'redacted',
    labelOf: subjectLabel,
    isPlain: config.subject === 'plain',
  } as const;
  const digestOf = createInputDigest(config.pseudonymKey);
  const { staleness = () => 0, shadow } = sources;
  const journal = new Journal({ records, upload, keep, log });
  return new Recorder({ origin, subjectLabel, digestOf, journal, tracing, staleness, shadow, log });
}

interface RecorderParts {
  readonly origin: Origin;
  readonly subjectLabel: SubjectLabel;
  readonly digestOf: InputDigest;
  readonly journal: Journal;
  readonly tracing: Tracing;
  readonly staleness: () => number;
  readonly shadow: Shadow | undefined;
  readonly log: Logger;
}

/** What one Check leaves, once its shadow has answered. */
interface Account {
  readonly hop: string;
  readonly entry: JournalEntry | undefined;
  readonly spans: readonly Span[] | undefined;
}

class Recorder implements Provenance {
  readonly subjectLabel: SubjectLabel;
  readonly #parts: RecorderParts;
  readonly #metrics: Metrics;
  readonly #lost = { records: 0, spans: 0 };

  constructor(parts: RecorderParts) {
    this.#parts = parts;
    this.subjectLabel = parts.subjectLabel;
    this.#metrics = new Metrics(parts.origin, { losses: () => this.state, staleness: parts.staleness });
  }

  readonly record = (trail: Trail): void => {
    try {
      this.#metrics.checked(sampleOf(trail));
      const account = this.#account(trail);
      const isAsked = askShadow(trail, this.#parts.shadow, (shadowed) => {
        this.#metrics.shadowed(account.hop, shadowed?.result);
        this.#leave(account, shadowed);
      });
      if (!isAsked) this.#leave(account, undefined);
    } catch (error) {
      this.#lose('records', error);
    }
  };

  /** Made at once, and small: what waits for a shadow must not keep a whole request in memory. */
  #account(trail: Trail): Account {
    const { journal, tracing, digestOf } = this.#parts;
    const place = placeOf(trail);
    const context = tracing.begin(place);
    const hop = trail.routed?.hop.id ?? 'unknown';
    const entry = journal.make(trail, {
      place,
      context,
      digest: trail.asked && digestOf(trail.asked.text),
    });
    if (context === undefined) return { hop, entry, spans: undefined };
    try {
      return { hop, entry, spans: spansOf(trail, { place, context, newSpanId: tracing.newSpanId }) };
    } catch (error) {
      // The record is the proof, and is written without the picture.
      this.#lose('spans', error);
      return { hop, entry, spans: undefined };
    }
  }

  #leave({ entry, spans }: Account, shadowed: Shadowed | undefined): void {
    const { journal, tracing } = this.#parts;
    let making: 'records' | 'spans' = 'records';
    try {
      if (entry !== undefined) journal.write(entry, shadowed);
      making = 'spans';
      if (spans !== undefined) tracing.sink?.add(shadowed === undefined ? spans : shadowedSpans(spans, shadowed));
    } catch (error) {
      this.#lose(making, error);
    }
  }

  serving(revisions: Revisions): void {
    this.#metrics.serving(revisions);
  }

  reloaded(result: ReloadResult): void {
    this.#metrics.reloaded(result);
  }

  metricsText(): string {
    return this.#metrics.text();
  }

  get state(): ProvenanceState {
    const { journal, tracing } = this.#parts;
    const { dropped, failure, maskFailures, upload } = journal.state;
    return {
      records: { dropped: this.#lost.records + dropped, failure, maskFailures },
      upload,
      spans: { dropped: this.#lost.spans + (tracing.sink?.dropped ?? 0), failure: tracing.sink?.failure },
    };
  }

  async shutdown(): Promise<void> {
    // The server hands trails over by setImmediate: the last ones are still on their way.
    await setImmediate();
    await setImmediate();
    // Whoever still waits for the shadow is told that it did not answer: the record comes first.
    await this.#parts.shadow?.close();
    await this.#parts.journal.close(RECORDS_WITHIN_MS);
    await this.#parts.tracing.sink?.close(SPANS_WITHIN_MS);
  }

  /** A bug of ours costs a Check its telemetry, nothing else. The first one is told, all are counted. */
  #lose(what: 'records' | 'spans', error: unknown): void {
    this.#lost[what] += 1;
    if (this.#lost[what] === 1) {
      this.#parts.log.error({ err: error }, `the ${what} of a Check could not be made: please report this`);
    }
  }
}

function sampleOf(trail: Trail): CheckSample {
  const { refusal, decideTook, policyTicks } = trail;
  return {
    hop: trail.routed?.hop.id ?? 'unknown',
    outcome: outcomeOf(trail),
    fallback: trail.fallback,
    reason: refusal === undefined ? ALLOWED : refusal.code,
    duration: (answeredAt(trail) - trail.started) / 1000,
    policyDuration: decideTook === undefined ? undefined : (endOf(decideTook, trail) - decideTook[0]) / 1000,
    policyTicks,
  };
}
