import {
  type Attributes,
  type HrTime,
  type Link,
  type SpanContext,
  SpanKind,
  type SpanStatus,
} from '@opentelemetry/api';
import type { InstrumentationScope } from '@opentelemetry/core';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableSpan, TimedEvent } from '@opentelemetry/sdk-trace';
import type { Origin } from './origin.ts';

const NO_EVENTS: TimedEvent[] = [];
const NO_LINKS: Link[] = [];
const NO_ATTRIBUTES: Attributes = Object.freeze({});
const UNSET: SpanStatus = Object.freeze({ code: 0 });

export interface FinishedSpanParts {
  readonly name: string;
  readonly context: SpanContext;
  readonly parent: SpanContext | undefined;
  readonly kind?: SpanKind;
  readonly start: HrTime;
  readonly end: HrTime;
  readonly attributes?: Attributes;
  readonly status?: SpanStatus;
  readonly links?: Link[];
}

/**
 * A span that is over. A Check's spans are made after the fact, from its trail, so nothing of the SDK's live span (its
 * clock, its per-attribute checks, its limits) is needed; exporters read only this much. Made this way a span costs a
 * fifth of one made by the SDK's tracer (bench: see docs/telemetry.md).
 */
export class FinishedSpan implements ReadableSpan {
  readonly name: string;
  readonly kind: SpanKind;
  readonly parentSpanContext?: SpanContext;
  readonly startTime: HrTime;
  readonly endTime: HrTime;
  readonly attributes: Attributes;
  readonly status: SpanStatus;
  readonly links: Link[];
  readonly events = NO_EVENTS;
  readonly ended = true;
  readonly droppedAttributesCount = 0;
  readonly droppedEventsCount = 0;
  readonly droppedLinksCount = 0;
  readonly resource: Resource;
  readonly instrumentationScope: InstrumentationScope;
  readonly #context: SpanContext;

  constructor(origin: Origin, parts: FinishedSpanParts) {
    this.name = parts.name;
    this.kind = parts.kind ?? SpanKind.INTERNAL;
    if (parts.parent !== undefined) {
      this.parentSpanContext = parts.parent;
    }
    this.startTime = parts.start;
    this.endTime = parts.end;
    this.attributes = parts.attributes ?? NO_ATTRIBUTES;
    this.status = parts.status ?? UNSET;
    this.links = parts.links ?? NO_LINKS;
    this.resource = origin.resource;
    this.instrumentationScope = origin.scope;
    this.#context = parts.context;
  }

  spanContext(): SpanContext {
    return this.#context;
  }

  get duration(): HrTime {
    const nanoseconds = this.endTime[1] - this.startTime[1];
    const seconds = this.endTime[0] - this.startTime[0];
    return nanoseconds < 0 ? [seconds - 1, nanoseconds + 1e9] : [seconds, nanoseconds];
  }
}
