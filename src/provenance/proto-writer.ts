import type { HrTime } from '@opentelemetry/api';

const utf8 = new TextEncoder();
/** Bytes kept free for a length that is known only afterwards: nearly every message here needs one or two. */
const KEPT = 2;

/**
 * Writes protobuf wire format into one fixed buffer. Going past its end writes nothing and throws nothing: `overflowed`
 * tells, and `rewind` undoes.
 * @see https://protobuf.dev/programming-guides/encoding/
 */
export class ProtoWriter {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(capacity: number) {
    this.#bytes = new Uint8Array(capacity);
  }

  get position(): number {
    return this.#at;
  }

  get overflowed(): boolean {
    return this.#at > this.#bytes.length;
  }

  rewind(position: number): void {
    this.#at = position;
  }

  /** A copy of all that was written; the writer is empty afterwards. */
  take(): Buffer {
    const taken = Buffer.from(this.#bytes.subarray(0, this.#at));
    this.#at = 0;
    return taken;
  }

  raw(parts: Uint8Array): void {
    const bytes = this.#bytes;
    let at = this.#at;
    for (let i = 0; i < parts.length; i += 1) {
      bytes[at++] = parts[i] ?? 0;
    }
    this.#at = at;
  }

  varint(value: number): void {
    const bytes = this.#bytes;
    let rest = value;
    while (rest > 127) {
      bytes[this.#at++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    bytes[this.#at++] = rest;
  }

  fixed32(value: number): void {
    const bytes = this.#bytes;
    const at = this.#at;
    bytes[at] = value;
    bytes[at + 1] = value >>> 8;
    bytes[at + 2] = value >>> 16;
    bytes[at + 3] = value >>> 24;
    this.#at = at + 4;
  }

  /** Nanoseconds since the epoch as fixed64: 61 bits, reckoned in two halves that are exact. */
  nanoseconds([seconds, rest]: HrTime): void {
    const low = (seconds % 65_536) * 1e9 + rest;
    const high = Math.floor(seconds / 65_536) * 1e9 + Math.floor(low / 65_536);
    this.fixed32((high % 65_536) * 65_536 + (low % 65_536));
    this.fixed32(Math.floor(high / 65_536));
  }

  /** A string with its length before it. */
  text(value: string, length = Buffer.byteLength(value)): void {
    this.varint(length);
    if (length !== value.length) {
      utf8.encodeInto(value, this.#bytes.subarray(this.#at));
      this.#at += length;
      return;
    }
    const bytes = this.#bytes;
    let at = this.#at;
    for (let i = 0; i < length; i += 1) {
      bytes[at++] = value.charCodeAt(i);
    }
    this.#at = at;
  }

  /** The bytes that lower-case hex digits name, with their number before them. */
  hex(value: string): void {
    const bytes = this.#bytes;
    let at = this.#at;
    bytes[at++] = value.length >>> 1;
    for (let i = 0; i < value.length; i += 2) {
      bytes[at++] = (digit(value.charCodeAt(i)) << 4) | digit(value.charCodeAt(i + 1));
    }
    this.#at = at;
  }

  /** Begins a message of unknown length; give the result to `close`. */
  open(): number {
    this.#at += KEPT;
    return this.#at;
  }

  /** Ends the message that `open` began: its length goes before it, in as few bytes as it takes. */
  close(start: number): void {
    const length = this.#at - start;
    const size = sizeOfVarint(length);
    if (size !== KEPT) {
      this.#bytes.copyWithin(start - KEPT + size, start, this.#at);
    }
    this.#at = start - KEPT;
    this.varint(length);
    this.#at += length;
  }
}

/** Bytes that a length below 2^28 takes. */
export function sizeOfVarint(value: number): number {
  if (value < 128) {
    return 1;
  }
  if (value < 16_384) {
    return 2;
  }
  return value < 2_097_152 ? 3 : 4;
}

function digit(code: number): number {
  return code < 58 ? code - 48 : code - 87;
}
