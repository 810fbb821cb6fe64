import { SpanStatusCode } from '@opentelemetry/api';
import { TraceState } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Collector, startCollector } from '../../test/fakes/collector.ts';
import { fullTrail, identity } from '../../test/fakes/trail.ts';
import { Refusal } from '../refusals.ts';
import { createOrigin } from './origin.ts';
import { OtlpEncoder } from './otlp-encoder.ts';
import { createEnvelope } from './otlp-envelope.ts';
import type { Place } from './place.ts';
import { type Span, spansOf } from './span.ts';
import type { Trail } from './trail.ts';

const origin = createOrigin();
const ORPHAN: Place = { parent: undefined, trusted: false, link: undefined };
const REMOTE = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  traceFlags: 1,
  isRemote: true,
};
const STATE = { ...REMOTE, traceState: new TraceState('vendor=value,other=1') };

let collector: Collector;
let sdk: OTLPTraceExporter;
beforeAll(async () => {
  collector = await startCollector();
  sdk = new OTLPTraceExporter({ url: `${collector.endpoint}/v1/traces` });
});
afterAll(async () => {
  await sdk.shutdown();
  await collector.close();
});

function tree(trail: Trail, place: Place): Span[] {
  let next = 1;
  const context = { traceId: REMOTE.traceId, spanId: 'a'.repeat(16), traceFlags: 1, ...traceStateOf(place) };
  return spansOf(trail, { context, place, newSpanId: () => String(next++).padStart(16, '0') });
}

function traceStateOf({ parent }: Place): object {
  return parent?.traceState === undefined ? {} : { traceState: parent.traceState };
}

/** What the SDK's exporter sends for the same spans. */
async function bySdk(spans: readonly Span[]): Promise<Buffer | undefined> {
  const readable = spans.map(
    (span): ReadableSpan => ({
      ...span,
      spanContext: () => span.context,
      ...(span.parent !== undefined && { parentSpanContext: span.parent }),
      startTime: span.start,
      endTime: span.end,
      attributes: { ...span.attributes },
      status: { code: span.isError ? SpanStatusCode.ERROR : SpanStatusCode.UNSET },
      links: span.link === undefined ? [] : [{ context: span.link }],
      events: [],
      duration: [0, 0],
      ended: true,
      resource: origin.resource,
      instrumentationScope: origin.scope,
      droppedAttributesCount: 0,
      droppedEventsCount: 0,
      droppedLinksCount: 0,
    }),
  );
  await new Promise((resolve) => sdk.export(readable, resolve));
  return collector.bodies.at(-1);
}

function byUs(spans: readonly Span[]): Buffer {
  const encoder = new OtlpEncoder(1_000_000);
  for (const span of spans) {
    expect(encoder.add(span)).toBe(true);
  }
  return createEnvelope(origin)([encoder.take()]);
}

describe('our OTLP bytes', () => {
  it.each<[string, Span[]]>([
    ['a whole tree without a parent', tree(fullTrail(), ORPHAN)],
    ['a remote parent, trace state and a link', tree(fullTrail(), { parent: STATE, trusted: true, link: STATE })],
    ['a fault', tree(fullTrail({ refusal: new Refusal('policy_trap', 'x') }), ORPHAN)],
    ['text beyond ASCII', tree(fullTrail({ subjectLabel: 'Änne 漢字 🦉 \u0000 \ud800' }), ORPHAN)],
    [
      'the last nanosecond of a second',
      tree(fullTrail({ receivedAt: 1_795_348_800_999, answered: 5000.999_999 }), ORPHAN),
    ],
  ])("are the SDK's for %s", async (_, spans) => {
    expect(byUs(spans).equals((await bySdk(spans)) ?? Buffer.alloc(0))).toBe(true);
  });

  it("are the SDK's for any ids, chains and times", async () => {
    const text = fc.string({ unit: 'binary', maxLength: 600 });
    await fc.assert(
      fc.asyncProperty(text, fc.array(text, { maxLength: 10 }), fc.nat(1e13), async (subject, chain, receivedAt) => {
        const known = { ...identity(subject), chain: chain.map((id) => ({ id, issuer: '' })) };
        const spans = tree(fullTrail({ identity: known, subjectLabel: subject, receivedAt }), ORPHAN);
        return byUs(spans).equals((await bySdk(spans)) ?? Buffer.alloc(0));
      }),
      { numRuns: 100, seed: 20_261_122 },
    );
  });
});

describe('the encoder', () => {
  it('takes what fits and leaves out what does not, whole', () => {
    const [span] = tree(fullTrail(), ORPHAN) as [Span, ...Span[]];
    const one = new OtlpEncoder(10_000);
    one.add(span);
    const size = one.take().length;
    const two = new OtlpEncoder(size * 2 + 10);
    expect([two.add(span), two.add(span), two.add(span)]).toEqual([true, true, false]);
    expect(two.count).toBe(2);
    expect(two.take()).toHaveLength(size * 2);
    expect(two.count).toBe(0);
  });
});
