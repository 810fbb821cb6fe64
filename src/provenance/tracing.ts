import { type SpanContext, TraceFlags } from '@opentelemetry/api';
import { RandomIdGenerator } from '@opentelemetry/sdk-trace';
import type { Logger } from '../log.ts';
import { openLineTarget } from './line-target.ts';
import type { Origin } from './origin.ts';
import type { Place } from './place.ts';
import { createSampler } from './sampler.ts';
import { createSpanFile } from './span-file.ts';
import { SpanOtlp } from './span-otlp.ts';
import type { SpanSink } from './span-sink.ts';

export interface Tracing {
  /** Where spans go; absent for `traces: none`. */
  readonly sink: SpanSink | undefined;
  /** Our span's context for a Check; undefined where its spans are not exported. */
  begin(place: Place): SpanContext | undefined;
  readonly newSpanId: () => string;
}

/**
 * Opens the target of `provenance.traces`: `otlp`, `none`, or `file:PATH`.
 * @throws Error where the target cannot be opened
 */
export function createTracing(traces: string, origin: Origin, log: Logger): Tracing {
  const sampler = createSampler(process.env, log);
  const sink = openSink(traces, origin, log);
  const ids = new RandomIdGenerator();
  return {
    sink,
    newSpanId: () => ids.generateSpanId(),
    begin(place) {
      if (sink === undefined) {
        return undefined;
      }
      const traceId = place.parent?.traceId ?? ids.generateTraceId();
      return sampler(traceId, place) ? ownContext(traceId, ids.generateSpanId(), place) : undefined;
    },
  };
}

function ownContext(traceId: string, spanId: string, { parent }: Place): SpanContext {
  const context = { traceId, spanId, traceFlags: TraceFlags.SAMPLED };
  return parent?.traceState === undefined ? context : { ...context, traceState: parent.traceState };
}

function openSink(traces: string, origin: Origin, log: Logger): SpanSink | undefined {
  if (traces === 'otlp') {
    return process.env['OTEL_SDK_DISABLED'] === 'true' ? undefined : new SpanOtlp(origin, log);
  }
  const target = openLineTarget('provenance.traces', traces);
  return target === undefined ? undefined : createSpanFile(target, log);
}
