import {
  type Attributes,
  type HrTime,
  type Link,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
} from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { ALLOWED } from '../refusals.ts';
import { bounded } from './bounded.ts';
import { FinishedSpan } from './finished-span.ts';
import type { AttributeName, SpanName } from './names.ts';
import type { Origin } from './origin.ts';
import { answeredAt, endOf } from './timing.ts';
import type { TraceContext } from './trace-context.ts';
import type { Interval, Trail } from './trail.ts';

/** What the spans of one Check are made of. */
export interface SpanParts {
  readonly origin: Origin;
  /** Of `behalf.check`; its trace is the children's. */
  readonly context: SpanContext;
  readonly trace: TraceContext;
  /** Pseudonym or id of the subject, where one was identified. */
  readonly subject: string | undefined;
  readonly newSpanId: () => string;
}

/** More former actors than this are history that no one reads on a span; the record has them all. */
const LONGEST_CHAIN = 8;

/**
 * The span tree of one Check: `behalf.check`, and a child for each step that ran. Start and end come from the trail.
 * A deny is an answer, not an error; only a refusal of class `fault` sets the span's status.
 */
export function spansOf(trail: Trail, parts: SpanParts): ReadableSpan[] {
  const { origin, context, trace } = parts;
  const root = {
    name: 'behalf.check' satisfies SpanName,
    kind: SpanKind.SERVER,
    context,
    parent: trace.parent,
    start: wallClock(trail, trail.started),
    end: wallClock(trail, answeredAt(trail)),
    attributes: attributesOf(trail, parts.subject),
    links: trace.link === undefined ? [] : [{ context: trace.link } satisfies Link],
  };
  const isFault = trail.refusal?.row.class === 'fault';
  const spans = [new FinishedSpan(origin, isFault ? { ...root, status: { code: SpanStatusCode.ERROR } } : root)];
  addStep(spans, trail, parts, 'behalf.identify', trail.identifyTook);
  addStep(spans, trail, parts, 'behalf.decide', trail.decideTook);
  return spans;
}

function addStep(
  spans: ReadableSpan[],
  trail: Trail,
  { origin, context, newSpanId }: SpanParts,
  name: SpanName,
  step: Interval | undefined,
): void {
  if (step === undefined) {
    return;
  }
  const own: SpanContext = { ...context, spanId: newSpanId() };
  spans.push(
    new FinishedSpan(origin, {
      name,
      context: own,
      parent: context,
      start: wallClock(trail, step[0]),
      end: wallClock(trail, endOf(step, trail)),
    }),
  );
}

function attributesOf(trail: Trail, subject: string | undefined): Attributes {
  const { refusal, routed, identity, grant } = trail;
  const attributes: Partial<Record<AttributeName, string | string[]>> = {
    'behalf.decision.id': trail.decisionId,
    'opa.decision_id': trail.decisionId,
    'behalf.decision.outcome': refusal === undefined ? 'allow' : 'deny',
    'behalf.decision.reason': refusal === undefined ? ALLOWED : refusal.code,
  };
  if (refusal?.row.class === 'fault') {
    attributes['error.type'] = refusal.code;
  }
  if (trail.matrixRevision !== undefined) {
    attributes['behalf.matrix.revision'] = trail.matrixRevision;
  }
  if (trail.policyRevision !== undefined) {
    attributes['behalf.policy.revision'] = bounded(trail.policyRevision);
  }
  if (routed !== undefined) {
    attributes['behalf.hop'] = routed.hop.id;
    attributes['behalf.boundary'] = routed.hop.boundary;
  }
  if (identity !== undefined) {
    attributes['behalf.peer.id'] = bounded(identity.peer.id);
    attributes['behalf.token.issuer'] = bounded(identity.token.issuer);
    if (subject !== undefined) {
      attributes['behalf.subject.id'] = subject;
    }
    if (identity.actor !== undefined) {
      attributes['behalf.agent.id'] = identity.actor.agent;
    }
    if (identity.chain.length > 0) {
      attributes['behalf.agent.chain'] = identity.chain.slice(0, LONGEST_CHAIN).map(({ id }) => bounded(id));
    }
  }
  if (grant !== undefined) {
    attributes['behalf.grant.id'] = bounded(grant.id);
    attributes['behalf.task.id'] = bounded(grant.task);
  }
  return attributes;
}

/** A moment of the monotonic clock as wall-clock time: receipt plus what has passed since. */
function wallClock(trail: Trail, moment: number): HrTime {
  const nanoseconds = (trail.receivedAt % 1000) * 1e6 + (moment - trail.started) * 1e6;
  const seconds = Math.floor(nanoseconds / 1e9);
  return [Math.floor(trail.receivedAt / 1000) + seconds, Math.floor(nanoseconds - seconds * 1e9)];
}
