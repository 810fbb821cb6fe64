import { type SpanContext, TraceFlags } from '@opentelemetry/api';
import { RandomIdGenerator } from '@opentelemetry/sdk-trace';
import type { Logger } from '../log.ts';
import { openLineTarget } from './line-target.ts';
import type { Origin } from './origin.ts';
import { createSampler } from './sampler.ts';
import { spansOf } from './span.ts';
import { createSpanFile } from './span-file.ts';
import { createSpanOtlp } from './span-otlp.ts';
import type { SpanSink } from './span-sink.ts';
import { type TraceContext, traceContextOf } from './trace-context.ts';
import type { Trail } from './trail.ts';

/** A Check's place in its trace. `context` is our own span's, and absent where that is not exported. */
export interface Place {
  readonly trace: TraceContext;
  readonly context: SpanContext | undefined;
}

export interface Tracing {
  /** Gives the Check its ids, before the record needs them. */
  locate(trail: Trail): Place;
  /** Emits the Check's spans, where they are exported at all. */
  emit(trail: Trail, place: Place, subject: string | undefined): void;
  /** Where spans go; absent for `traces: none`. */
  readonly sink: SpanSink | undefined;
}

/**
 * Opens the target of `provenance.traces`: `otlp`, `none`, or `file:PATH`.
 * @throws Error where the target cannot be opened
 */
export function createTracing(traces: string, origin: Origin, log: Logger): Tracing {
  const { env } = process;
  const sampler = createSampler(env, log);
  const sink = openSink(traces, log);
  const ids = new RandomIdGenerator();
  const newSpanId = (): string => ids.generateSpanId();
  return {
    sink,
    locate(trail) {
      const trace = traceContextOf(trail);
      if (sink === undefined) {
        return { trace, context: undefined };
      }
      const traceId = trace.parent?.traceId ?? ids.generateTraceId();
      return { trace, context: sampler(traceId, trace) ? ownContext(traceId, newSpanId(), trace) : undefined };
    },
    emit(trail, { trace, context }, subject) {
      if (context !== undefined) {
        sink?.add(spansOf(trail, { origin, context, trace, subject, newSpanId }));
      }
    },
  };
}

function ownContext(traceId: string, spanId: string, { parent }: TraceContext): SpanContext {
  const context = { traceId, spanId, traceFlags: TraceFlags.SAMPLED };
  return parent?.traceState === undefined ? context : { ...context, traceState: parent.traceState };
}

function openSink(traces: string, log: Logger): SpanSink | undefined {
  if (traces === 'otlp') {
    return process.env['OTEL_SDK_DISABLED'] === 'true' ? undefined : createSpanOtlp(process.env, log);
  }
  const target = openLineTarget('provenance.traces', traces);
  return target === undefined ? undefined : createSpanFile(target, log);
}
