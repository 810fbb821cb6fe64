import type { Logger } from '../log.ts';
import type { Origin } from './origin.ts';
import { OtlpEncoder } from './otlp-encoder.ts';
import { createEnvelope } from './otlp-envelope.ts';
import { createOtlpTransport, type OtlpTransport } from './otlp-transport.ts';
import type { Span } from './span.ts';
import type { SpanSink } from './span-sink.ts';

interface Batch {
  readonly bytes: Buffer;
  readonly count: number;
}

/** About a second of spans at full load; the SDK's 2,048 would overflow in a seventh of one (threats T02). */
const QUEUE = 16_384;
const BATCH = 512;
const BATCH_BYTES = 512 * 1024;
const DELAY_MS = 1000;
/** Above the transport's own timeout of 10 s: only for a collector that keeps a connection busy without an answer. */
const GIVE_UP_MS = 30_000;
/** A collector that is far away gets larger requests, not more at once; 4 MiB is what gRPC receives by default. */
const BATCHES_PER_REQUEST = 6;

/**
 * Spans to an OTLP collector. The queue is bounded; a span that finds it full, or that the collector does not take, is
 * dropped and counted. A collector that is down, slow or broken costs spans, never decisions, and spans flow again when
 * it is back (threats T01; opentelemetry-js#1707, #4406). `OTEL_BSP_*` set the sizes.
 */
export class SpanOtlp implements SpanSink {
  readonly #log: Logger;
  readonly #transport: OtlpTransport;
  readonly #envelope: (spans: readonly Buffer[]) => Buffer;
  readonly #encoder = new OtlpEncoder(BATCH_BYTES);
  readonly #queueLimit: number;
  readonly #batchSize: number;
  readonly #delay: number;
  readonly #giveUp: number;
  #batches: Batch[] = [];
  #queued = 0;
  #dropped = 0;
  #failure: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> | undefined;
  #isClosed = false;
  #isAbandoned = false;

  /** @throws Error where the variables name a protocol that we do not speak */
  constructor(origin: Origin, log: Logger) {
    const { env } = process;
    this.#log = log;
    this.#transport = createOtlpTransport(log);
    this.#envelope = createEnvelope(origin);
    this.#queueLimit = positive(env['OTEL_BSP_MAX_QUEUE_SIZE'], QUEUE);
    this.#batchSize = Math.min(this.#queueLimit, positive(env['OTEL_BSP_MAX_EXPORT_BATCH_SIZE'], BATCH));
    this.#delay = positive(env['OTEL_BSP_SCHEDULE_DELAY'], DELAY_MS);
    this.#giveUp = positive(env['OTEL_BSP_EXPORT_TIMEOUT'], GIVE_UP_MS);
  }

  get dropped(): number {
    return this.#dropped;
  }

  get failure(): string | undefined {
    return this.#failure;
  }

  add(spans: readonly Span[]): void {
    for (const span of spans) {
      if (this.#isClosed || this.#queued >= this.#queueLimit || !this.#append(span)) {
        this.#dropped += 1;
      } else {
        this.#queued += 1;
      }
    }
    if (this.#encoder.count >= this.#batchSize) {
      this.#flush();
    } else if (this.#encoder.count > 0) {
      this.#timer ??= setTimeout(this.#flush, this.#delay).unref();
    }
  }

  async close(withinMs: number): Promise<void> {
    this.#isClosed = true;
    this.#flush();
    // The transport waits for its retries, which nothing bounds from outside (threats T03; opentelemetry-js#5602).
    await within(withinMs, this.#sending ?? Promise.resolve(), undefined);
    this.#isAbandoned = true;
    this.#dropped += this.#queued;
    this.#queued = 0;
    this.#batches = [];
    this.#transport.close();
  }

  #append(span: Span): boolean {
    if (this.#encoder.add(span)) {
      return true;
    }
    this.#seal();
    return this.#encoder.add(span);
  }

  readonly #flush = (): void => {
    this.#seal();
    this.#sending ??= this.#send().finally(() => {
      this.#sending = undefined;
    });
  };

  #seal(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { count } = this.#encoder;
    if (count > 0) {
      this.#batches.push({ count, bytes: this.#encoder.take() });
    }
  }

  /** One request at a time, until nothing is queued. */
  async #send(): Promise<void> {
    while (this.#batches.length > 0) {
      const batches = this.#batches.splice(0, BATCHES_PER_REQUEST);
      const request = this.#envelope(batches.map(({ bytes }) => bytes));
      const count = batches.reduce((sum, batch) => sum + batch.count, 0);
      const failure = await within(this.#giveUp, this.#transport.send(request), 'no answer');
      // Closing has counted what was still queued, this request included.
      if (this.#isAbandoned) {
        return;
      }
      this.#queued -= count;
      this.#settle(count, failure);
    }
  }

  #settle(count: number, failure: string | undefined): void {
    if (failure !== undefined) {
      this.#dropped += count;
    }
    if (failure !== undefined && this.#failure === undefined) {
      this.#log.error(
        { reason: failure },
        'the trace collector does not take spans: decisions go on, spans are dropped',
      );
    }
    if (failure === undefined && this.#failure !== undefined) {
      this.#log.warn({ dropped: this.#dropped }, 'the trace collector takes spans again');
    }
    this.#failure = failure;
  }
}

function positive(value: string | undefined, otherwise: number): number {
  const number = Number(value);
  return Number.isInteger(number) && number > 0 ? number : otherwise;
}

/** What `promise` gives, or `otherwise` once the time is over. */
async function within<Value>(milliseconds: number, promise: Promise<Value>, otherwise: Value): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Value>((resolve) => {
    timer = setTimeout(resolve, milliseconds, otherwise);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
