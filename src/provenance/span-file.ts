import type { HrTime } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import type { Logger } from '../log.ts';
import { jsonLine } from './json-line.ts';
import { closeLineTarget } from './line-target.ts';
import { type LineTarget, LineWriter } from './line-writer.ts';
import type { SpanField } from './names.ts';
import type { SpanSink } from './span-sink.ts';

const KINDS = ['internal', 'server', 'client', 'producer', 'consumer'] as const;
const STATUSES = ['unset', 'ok', 'error'] as const;

/** Spans as NDJSON, one span per line: for the demo, and for machines without a collector. */
export function createSpanFile(target: LineTarget, log: Logger): SpanSink {
  const writer = new LineWriter(target, { what: 'spans', log });
  return {
    add(spans) {
      for (const span of spans) {
        writer.write(spanLine(span));
      }
    },
    get dropped() {
      return writer.dropped;
    },
    get failure() {
      return writer.failure;
    },
    async close(withinMs) {
      await writer.close(withinMs);
      closeLineTarget(target);
    },
  };
}

function spanLine(span: ReadableSpan): string {
  const { traceId, spanId } = span.spanContext();
  const line: Record<SpanField, unknown> = {
    trace_id: traceId,
    span_id: spanId,
    parent_span_id: span.parentSpanContext?.spanId,
    name: span.name,
    kind: KINDS[span.kind],
    start: nanoseconds(span.startTime),
    end: nanoseconds(span.endTime),
    attributes: span.attributes,
    status: STATUSES[span.status.code],
    links: span.links.map(({ context }) => ({ trace_id: context.traceId, span_id: context.spanId })),
  };
  return jsonLine(line);
}

/** Since the epoch, as a string: the number has more digits than a JSON number keeps. OTLP/JSON does the same. */
function nanoseconds([seconds, rest]: HrTime): string {
  return `${seconds}${String(rest).padStart(9, '0')}`;
}
