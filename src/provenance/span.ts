import { type HrTime, type SpanContext, SpanKind } from '@opentelemetry/api';
import type { AttributeName, EVENTS, EventName, SpanName } from './names.ts';
import type { Place } from './place.ts';
import { spanAttributes } from './span-attributes.ts';
import { answeredAt, endOf } from './timing.ts';
import type { Interval, Trail } from './trail.ts';

export type SpanAttributes = Partial<Record<AttributeName, string | string[]>>;

/** Something that happened to a Check after its answer. */
export interface SpanEvent {
  readonly name: EventName;
  readonly time: HrTime;
  readonly attributes: Partial<Record<(typeof EVENTS)[EventName][number], string>>;
}

/**
 * A span that is over: as much of OpenTelemetry's as we have to say. A Check's spans are made after the fact, from its
 * trail, so the SDK's live span (its clock, its checks of each attribute, its limits) would only cost.
 */
export interface Span {
  readonly name: SpanName;
  readonly kind: SpanKind;
  readonly context: SpanContext;
  readonly parent: SpanContext | undefined;
  readonly start: HrTime;
  readonly end: HrTime;
  readonly attributes: SpanAttributes;
  readonly isError: boolean;
  readonly link: SpanContext | undefined;
  readonly event?: SpanEvent | undefined;
}

export interface SpanParts {
  /** Of `behalf.check`; its trace is the children's. */
  readonly context: SpanContext;
  readonly place: Place;
  readonly newSpanId: () => string;
}

const NO_ATTRIBUTES: SpanAttributes = Object.freeze({});

/**
 * The span tree of one Check: `behalf.check`, and a child for each step that ran. Start and end come from the trail.
 * A deny is an answer, not an error; only a refusal of class `fault` sets the span's status.
 */
export function spansOf(trail: Trail, parts: SpanParts): Span[] {
  const { context, place } = parts;
  const root: Span = {
    name: 'behalf.check',
    kind: SpanKind.SERVER,
    context,
    parent: place.parent,
    start: wallClock(trail, trail.started),
    end: wallClock(trail, answeredAt(trail)),
    attributes: spanAttributes(trail),
    isError: trail.refusal?.row.class === 'fault',
    link: place.link,
  };
  const spans = [root];
  if (trail.identifyTook !== undefined) {
    spans.push(stepSpan('behalf.identify', trail, trail.identifyTook, parts));
  }
  if (trail.decideTook !== undefined) {
    spans.push(stepSpan('behalf.decide', trail, trail.decideTook, parts));
  }
  return spans;
}

function stepSpan(name: SpanName, trail: Trail, step: Interval, { context, newSpanId }: SpanParts): Span {
  const { traceId, traceFlags, traceState } = context;
  const own = { traceId, spanId: newSpanId(), traceFlags };
  return {
    name,
    kind: SpanKind.INTERNAL,
    context: traceState === undefined ? own : { ...own, traceState },
    parent: context,
    start: wallClock(trail, step[0]),
    end: wallClock(trail, endOf(step, trail)),
    attributes: NO_ATTRIBUTES,
    isError: false,
    link: undefined,
  };
}

/** A moment of the monotonic clock as wall-clock time: receipt plus what has passed since. */
function wallClock(trail: Trail, moment: number): HrTime {
  const nanoseconds = (trail.receivedAt % 1000) * 1e6 + (moment - trail.started) * 1e6;
  const seconds = Math.floor(nanoseconds / 1e9);
  return [Math.floor(trail.receivedAt / 1000) + seconds, Math.floor(nanoseconds - seconds * 1e9)];
}
