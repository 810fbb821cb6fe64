import type { HrTime } from '@opentelemetry/api';
import type { Logger } from '../log.ts';
import { jsonLine } from './json-line.ts';
import type { LineTarget } from './line-target.ts';
import { LineWriter } from './line-writer.ts';
import type { SpanField } from './names.ts';
import type { Span } from './span.ts';
import type { SpanSink } from './span-sink.ts';

const KINDS = ['internal', 'server', 'client', 'producer', 'consumer'] as const;

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
    close: (withinMs) => writer.close(withinMs),
  };
}

function spanLine(span: Span): string {
  const line: Record<SpanField, unknown> = {
    trace_id: span.context.traceId,
    span_id: span.context.spanId,
    parent_span_id: span.parent?.spanId,
    name: span.name,
    kind: KINDS[span.kind],
    start: nanoseconds(span.start),
    end: nanoseconds(span.end),
    attributes: span.attributes,
    events: span.event === undefined ? [] : [{ ...span.event, time: nanoseconds(span.event.time) }],
    status: span.isError ? 'error' : 'unset',
    links: span.link === undefined ? [] : [{ trace_id: span.link.traceId, span_id: span.link.spanId }],
  };
  return jsonLine(line);
}

/** Since the epoch, as a string: the number has more digits than a JSON number keeps. OTLP/JSON does the same. */
function nanoseconds([seconds, rest]: HrTime): string {
  return `${seconds}${String(rest).padStart(9, '0')}`;
}
