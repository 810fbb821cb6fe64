import { DiagLogLevel, diag } from '@opentelemetry/api';
import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import { OTLPTraceExporter as GrpcExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { OTLPTraceExporter as HttpExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { BatchSpanProcessor, type SpanExporter } from '@opentelemetry/sdk-trace';
import type { Logger } from '../log.ts';
import type { SpanSink } from './span-sink.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** About a second of spans at full load; the SDK's 2,048 would overflow in a seventh of one (threats T02). */
const QUEUE = 16_384;
/** One batch is serialised at a time, on the event loop: this many take about 5 ms. */
const BATCH = 512;
const DELAY_MS = 1000;

/**
 * Spans to an OTLP collector, over HTTP with protobuf or over gRPC, as the standard `OTEL_EXPORTER_OTLP_*` variables
 * say. The queue is bounded; a span that finds it full, or that the collector does not take, is dropped and counted. A
 * collector that is down, slow or broken costs spans, never decisions, and spans flow again when it is back (threats
 * T01; opentelemetry-js#1707, #4406).
 * @throws Error where `OTEL_EXPORTER_OTLP_PROTOCOL` names a protocol that we do not speak
 */
export function createSpanOtlp(env: Env, log: Logger): SpanSink {
  const exporter = createExporter(env, log);
  const limit = positive(env['OTEL_BSP_MAX_QUEUE_SIZE'], QUEUE);
  let queued = 0;
  let dropped = 0;
  let failure: string | undefined;
  let isClosed = false;

  /** Stands between the SDK's queue and its exporter, because neither counts what it loses. */
  const counting: SpanExporter = {
    export(spans, done) {
      queued -= spans.length;
      exporter.export(spans, (result) => {
        settle(spans.length, result);
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
  };

  function settle(count: number, result: ExportResult): void {
    if (result.code === ExportResultCode.SUCCESS) {
      if (failure !== undefined) {
        failure = undefined;
        log.warn({ dropped }, 'the trace collector takes spans again');
      }
      return;
    }
    dropped += count;
    if (failure === undefined) {
      failure = describe(result.error);
      log.error({ reason: failure }, 'the trace collector does not take spans: decisions go on, spans are dropped');
    }
  }

  const processor = new BatchSpanProcessor({
    exporter: counting,
    maxQueueSize: limit,
    maxExportBatchSize: Math.min(limit, positive(env['OTEL_BSP_MAX_EXPORT_BATCH_SIZE'], BATCH)),
    scheduledDelayMillis: positive(env['OTEL_BSP_SCHEDULE_DELAY'], DELAY_MS),
    exportTimeoutMillis: positive(env['OTEL_BSP_EXPORT_TIMEOUT'], 30_000),
  });

  return {
    add(spans) {
      for (const span of spans) {
        if (isClosed || queued >= limit) {
          dropped += 1;
        } else {
          queued += 1;
          processor.onEnd(span);
        }
      }
    },
    get dropped() {
      return dropped;
    },
    get failure() {
      return failure;
    },
    async close(withinMs) {
      isClosed = true;
      // The SDK waits for the exporter, and the exporter for its retries: neither is bounded by itself (threats T03).
      await Promise.race([processor.shutdown().catch(() => undefined), elapsed(withinMs)]);
    },
  };
}

function createExporter(env: Env, log: Logger): SpanExporter {
  const protocol = env['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL'] ?? env['OTEL_EXPORTER_OTLP_PROTOCOL'] ?? 'http/protobuf';
  const isGrpc = protocol === 'grpc';
  if (!isGrpc && protocol !== 'http/protobuf') {
    throw new Error(
      `OTEL_EXPORTER_OTLP_PROTOCOL: ${JSON.stringify(protocol)} is not spoken here. Use http/protobuf or grpc`,
    );
  }
  // The SDK tells of an unusable endpoint, header or certificate variable only here, while it reads them.
  const tell = (message: string): void =>
    log.warn({ problem: message }, 'an OTEL_EXPORTER_OTLP_* variable is not used');
  const silent = (): void => undefined;
  diag.setLogger(
    { error: tell, warn: tell, info: silent, debug: silent, verbose: silent },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
  try {
    return isGrpc ? new GrpcExporter() : new HttpExporter();
  } finally {
    diag.disable();
  }
}

/** What went wrong, without the collector's own words, which could echo a header. */
function describe(error: (Error & { readonly code?: unknown }) | undefined): string {
  if (error === undefined) {
    return 'unknown';
  }
  return error.code === undefined ? error.name : `${error.name} ${String(error.code)}`;
}

function positive(value: string | undefined, otherwise: number): number {
  const number = Number(value);
  return Number.isInteger(number) && number > 0 ? number : otherwise;
}

function elapsed(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds).unref();
  });
}
