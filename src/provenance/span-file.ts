import type { HrTime } from '@opentelemetry/api';
import type { Logger } from '../log.ts';
import { jsonLine } from './json-line.ts';
import type { LineTarget } from './line-target.ts';
import { LineWriter } from './line-writer.ts';
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

/**
 * The members are SPAN_FIELDS (names.ts). Put together as text, because each Check has three spans. What does not pass through
 * jsonLine has no character that JSON would escape: ids are hex, names and kinds are ours.
 */
function spanLine({ context, parent, name, kind, start, end, attributes, event, isError, link }: Span): string {
  const within = parent === undefined ? '' : `"parent_span_id":"${parent.spanId}",`;
  const head = `"trace_id":"${context.traceId}","span_id":"${context.spanId}",${within}"name":"${name}","kind":"${KINDS[kind]}"`;
  const took = `"start":"${nanoseconds(start)}","end":"${nanoseconds(end)}"`;
  const events = event === undefined ? '[]' : jsonLine([{ ...event, time: nanoseconds(event.time) }]);
  const links = link === undefined ? '[]' : jsonLine([{ trace_id: link.traceId, span_id: link.spanId }]);
  const status = isError ? 'error' : 'unset';
  return `{${head},${took},"attributes":${jsonLine(attributes)},"events":${events},"status":"${status}","links":${links}}`;
}

/** Since the epoch, as a string: the number has more digits than a JSON number keeps. OTLP/JSON does the same. */
function nanoseconds([seconds, rest]: HrTime): string {
  return `${seconds}${String(rest).padStart(9, '0')}`;
}
