import type { SpanContext } from '@opentelemetry/api';
import { parseTraceParent, TraceState } from '@opentelemetry/core';
import type { Trail } from './trail.ts';

/** Where a Check hangs in a trace. */
export interface Place {
  readonly parent: SpanContext | undefined;
  /** True where the parent came with the gRPC call, from Envoy; false where a client could have written it. */
  readonly trusted: boolean;
  /** The client's own span, where Envoy's is the parent. */
  readonly link: SpanContext | undefined;
}

/** Longer than any `traceparent` of version 00, with room for later versions. */
const LONGEST_PARENT = 128;
/** W3C Trace Context §3.3.1.5: 512 characters must be propagated; what is longer is dropped whole (threats T09). */
const LONGEST_STATE = 512;
const NO_HEADERS: Readonly<Record<string, string>> = Object.freeze({});

/**
 * Reads the trace context of a Check: Envoy's span in the gRPC metadata is the parent, and the checked request's
 * `traceparent` a link; without Envoy's span the request's is the parent. What is malformed counts as absent, and
 * baggage is never read (W3C Trace Context §3.2, threats T09).
 */
export function placeOf(trail: Trail): Place {
  const headers = trail.input?.headers ?? NO_HEADERS;
  const ofCaller = parse(trail.callerTrace.traceparent, trail.callerTrace.tracestate);
  const ofRequest = parse(headers['traceparent'], headers['tracestate']);
  if (ofCaller === undefined) {
    return { parent: ofRequest, trusted: false, link: undefined };
  }
  return { parent: ofCaller, trusted: true, link: ofRequest?.spanId === ofCaller.spanId ? undefined : ofRequest };
}

function parse(traceparent: string | undefined, tracestate: string | undefined): SpanContext | undefined {
  if (traceparent === undefined || traceparent.length > LONGEST_PARENT) {
    return undefined;
  }
  const parsed = parseTraceParent(traceparent);
  if (parsed === null) {
    return undefined;
  }
  const context = { traceId: parsed.traceId, spanId: parsed.spanId, traceFlags: parsed.traceFlags & 1, isRemote: true };
  if (tracestate === undefined || tracestate === '' || tracestate.length > LONGEST_STATE) {
    return context;
  }
  return { ...context, traceState: new TraceState(tracestate) };
}
