import type { SpanContext } from '@opentelemetry/api';
import type { AttributeName } from './names.ts';
import { ProtoWriter, sizeOfVarint } from './proto-writer.ts';
import type { Span, SpanEvent } from './span.ts';

/** Tags of opentelemetry/proto/trace/v1: field number × 8 + wire type. `Link` shares the first three with `Span`. */
const TAG = { traceId: 10, spanId: 18, state: 26, parent: 34, name: 42, kind: 48, start: 57, end: 65, attribute: 74 };
const SPANS = 18;
const EVENT = 90;
/** Tags of `Span.Event`. */
const EVENT_TAG = { time: 9, name: 18, attribute: 26 };
const NO_DROPPED_EVENT_ATTRIBUTES = Uint8Array.of(32, 0);
const LINK = 106;
const NO_DROPPED_ATTRIBUTES = Uint8Array.of(80, 0);
const NO_DROPPED_EVENTS = Uint8Array.of(96, 0);
const NO_DROPPED_LINKS = Uint8Array.of(112, 0);
const UNSET = Uint8Array.of(122, 2, 24, 0);
const ERROR = Uint8Array.of(122, 2, 24, 2);
const FLAGS = Uint8Array.of(133, 1);
/** `Link.dropped_attributes_count` 0, and the tag of `Link.flags`. */
const LINK_TAIL = Uint8Array.of(40, 0, 53);
/** AnyValue: `string_value` and `array_value`. */
const STRING = 10;
const ARRAY = 42;
/** SpanFlags: whether the parent is remote is known, and is so. */
const HAS_IS_REMOTE = 0x100;
const IS_REMOTE = 0x200;

/**
 * Writes spans as OTLP protobuf while they are made. The bytes are those of the SDK's exporter (a test compares them),
 * which keeps objects and walks them twice: made so, a Check's spans cost half the CPU from trail to collector.
 * @see https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto
 */
export class OtlpEncoder {
  readonly #writer: ProtoWriter;
  readonly #keys = new Map<string, Uint8Array>();
  #count = 0;

  /** @param capacity bytes that one batch may have */
  constructor(capacity: number) {
    this.#writer = new ProtoWriter(capacity);
  }

  /** Spans appended since `take`. */
  get count(): number {
    return this.#count;
  }

  /** Appends a span. False where it does not fit any more: then nothing was appended. */
  add(span: Span): boolean {
    const writer = this.#writer;
    const before = writer.position;
    writer.varint(SPANS);
    const start = writer.open();
    this.#span(span);
    writer.close(start);
    if (writer.overflowed) {
      writer.rewind(before);
      return false;
    }
    this.#count += 1;
    return true;
  }

  /** What was appended, as `spans` members of a ScopeSpans; the encoder is empty afterwards. */
  take(): Buffer {
    this.#count = 0;
    return this.#writer.take();
  }

  #span(span: Span): void {
    const writer = this.#writer;
    this.#context(span.context);
    if (span.parent !== undefined) {
      writer.varint(TAG.parent);
      writer.hex(span.parent.spanId);
    }
    writer.varint(TAG.name);
    writer.text(span.name);
    writer.varint(TAG.kind);
    writer.varint(span.kind + 1);
    writer.varint(TAG.start);
    writer.nanoseconds(span.start);
    writer.varint(TAG.end);
    writer.nanoseconds(span.end);
    for (const key in span.attributes) {
      const value = span.attributes[key as AttributeName];
      if (value !== undefined) {
        writer.varint(TAG.attribute);
        this.#attribute(key, value);
      }
    }
    writer.raw(NO_DROPPED_ATTRIBUTES);
    if (span.event !== undefined) {
      writer.varint(EVENT);
      this.#event(span.event);
    }
    writer.raw(NO_DROPPED_EVENTS);
    if (span.link !== undefined) {
      writer.varint(LINK);
      this.#link(span.link);
    }
    writer.raw(NO_DROPPED_LINKS);
    writer.raw(span.isError ? ERROR : UNSET);
    writer.raw(FLAGS);
    writer.fixed32(flags(span.context.traceFlags, span.parent?.isRemote));
  }

  #context({ traceId, spanId, traceState }: SpanContext): void {
    const writer = this.#writer;
    writer.varint(TAG.traceId);
    writer.hex(traceId);
    writer.varint(TAG.spanId);
    writer.hex(spanId);
    const state = traceState?.serialize() ?? '';
    if (state !== '') {
      writer.varint(TAG.state);
      writer.text(state);
    }
  }

  #event({ name, time, attributes }: SpanEvent): void {
    const writer = this.#writer;
    const start = writer.open();
    writer.varint(EVENT_TAG.time);
    writer.nanoseconds(time);
    writer.varint(EVENT_TAG.name);
    writer.text(name);
    for (const [key, value] of Object.entries(attributes)) {
      writer.varint(EVENT_TAG.attribute);
      this.#attribute(key, value);
    }
    writer.raw(NO_DROPPED_EVENT_ATTRIBUTES);
    writer.close(start);
  }

  #link(link: SpanContext): void {
    const start = this.#writer.open();
    this.#context(link);
    this.#writer.raw(LINK_TAIL);
    this.#writer.fixed32(flags(link.traceFlags, link.isRemote));
    this.#writer.close(start);
  }

  /** One KeyValue. A string's lengths are known beforehand, so nothing has to be moved for it. */
  #attribute(key: string, value: string | readonly string[]): void {
    const writer = this.#writer;
    const head = this.#key(key);
    if (typeof value === 'string') {
      const length = Buffer.byteLength(value);
      const inner = 1 + sizeOfVarint(length) + length;
      writer.varint(head.length + sizeOfVarint(inner) + inner);
      writer.raw(head);
      writer.varint(inner);
      writer.varint(STRING);
      writer.text(value, length);
      return;
    }
    const pair = writer.open();
    writer.raw(head);
    const any = writer.open();
    writer.varint(ARRAY);
    const array = writer.open();
    for (const item of value) {
      writer.varint(STRING);
      const start = writer.open();
      writer.varint(STRING);
      writer.text(item);
      writer.close(start);
    }
    writer.close(array);
    writer.close(any);
    writer.close(pair);
  }

  /** `KeyValue.key`, and the tag of its value. Keys are the attribute names of names.ts, so the map is small. */
  #key(key: string): Uint8Array {
    let head = this.#keys.get(key);
    if (head === undefined) {
      const writer = new ProtoWriter(key.length * 3 + 4);
      writer.varint(10);
      writer.text(key);
      writer.varint(18);
      head = Uint8Array.from(writer.take());
      this.#keys.set(key, head);
    }
    return head;
  }
}

function flags(traceFlags: number, isRemote: boolean | undefined): number {
  return traceFlags | HAS_IS_REMOTE | (isRemote === true ? IS_REMOTE : 0);
}
