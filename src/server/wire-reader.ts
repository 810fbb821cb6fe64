/** The lowest three bits of a tag: what kind of value follows. Texts, lists of bytes and messages begin with their length. */
export const VARINT = 0;
export const FIXED64 = 1;
export const BYTES = 2;
const FIXED32 = 5;

/** Names of headers are short, and the same ones come again and again. */
const SHORT = 24;
const SLOTS = 256;
const MOST_DEPTH = 100;
/** Bytes. */
const MOST_VARINT = 10;
/** The last short name of each slot, so that most need not be made anew. One is only taken where it is byte for byte the same. */
const names: string[] = Array.from({ length: SLOTS }, () => '');

/** An entry of a map, which is a message of its own. */
export interface Entry<Value> {
  key?: string;
  value?: Value;
}

/** Reads one message, which reaches to `end`. */
export type MessageReader<Message> = (wire: WireReader, end: number) => Message;

/**
 * Reads protobuf's wire format from front to back. `end` is where the message ends that is being read: nothing in it may
 * reach past that. Stricter than other parsers: no groups, and no tag or length over 31 bits.
 * @throws RangeError where the bytes are anything else
 * @see https://protobuf.dev/programming-guides/encoding/
 */
export class WireReader {
  readonly #bytes: Buffer;
  #at = 0;
  #depth = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Whether the message goes on. */
  isBefore(end: number): boolean {
    return this.#at < end;
  }

  /** A tag, a length, or another number of up to 31 bits. */
  number(end: number): number {
    let value = this.#byte(end);
    if (value < 128) return value;
    value &= 127;
    for (let shift = 7; shift < 28; shift += 7) {
      const byte = this.#byte(end);
      value |= (byte & 127) << shift;
      if (byte < 128) return value;
    }
    const last = this.#byte(end);
    if (last > 7) throw new RangeError('a number is over 31 bits');
    return value | (last << 28);
  }

  /** An int64, exact up to 2^53. */
  int64(end: number): number {
    const first = this.#byte(end);
    if (first < 128) return first;
    let value = BigInt(first & 127);
    for (let shift = 7n; shift < 70n; shift += 7n) {
      const byte = this.#byte(end);
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return Number(BigInt.asIntN(64, value));
    }
    throw new RangeError('a number is over 64 bits');
  }

  double(end: number): number {
    const start = this.#at;
    this.#forward(8, end);
    return this.#bytes.readDoubleLE(start);
  }

  /** Where the message, text or list of bytes ends that begins here with its length. */
  #limit(end: number): number {
    const length = this.number(end);
    if (length > end - this.#at) throw new RangeError('a value is longer than what it is in');
    return this.#at + length;
  }

  /** UTF-8; what is none is U+FFFD. */
  text(end: number): string {
    const stop = this.#limit(end);
    const start = this.#at;
    this.#at = stop;
    return this.#bytes.toString('utf8', start, stop);
  }

  /** A text that has come before, mostly. Never one that could be a secret: some stay in memory. */
  name(end: number): string {
    const stop = this.#limit(end);
    const start = this.#at;
    this.#at = stop;
    const length = stop - start;
    if (length === 0 || length > SHORT) return this.#bytes.toString('utf8', start, stop);
    const slot = (length * 37 + this.#peek(start) * 5 + this.#peek(stop - 1)) % SLOTS;
    const last = names[slot] ?? '';
    if (last.length === length && isText(last, this.#bytes, start)) return last;
    const name = this.#bytes.toString('utf8', start, stop);
    // A text of fewer characters than bytes is not ASCII: other bytes could pass for it, those that are its Latin-1.
    if (name.length === length) names[slot] = name;
    return name;
  }

  /** A view, not a copy. */
  bytes(end: number): Buffer {
    const stop = this.#limit(end);
    const start = this.#at;
    this.#at = stop;
    return this.#bytes.subarray(start, stop);
  }

  /**
   * A message within a message, once: what is sent in two pieces is put together by some parsers, and by others the second
   * takes the place of the first.
   * @param earlier what there may be only one of together with it
   */
  message<Message>(earlier: object | undefined, read: MessageReader<Message>, end: number): Message {
    if (earlier !== undefined) throw new RangeError('a message is there twice');
    // A struct in a struct in a struct could be without end: protobufjs stops at 100, too.
    this.#depth += 1;
    if (this.#depth > MOST_DEPTH) throw new RangeError('messages lie too deep in each other');
    const message = read(this, this.#limit(end));
    this.#depth -= 1;
    return message;
  }

  /**
   * Puts an entry into a map, which is sent as its entries. A key that is not there is ''; a name is there once.
   * @param absent for a value that is not there; without it there must be one
   */
  entry<Value>(map: Record<string, Value>, read: MessageReader<Entry<Value>>, end: number, absent?: Value): void {
    const { key = '', value = absent } = read(this, this.#limit(end));
    if (value === undefined) throw new RangeError('an entry without a value');
    if (key in map) throw new RangeError('a name is there twice');
    map[key] = value;
  }

  /** Goes past a value. */
  skip(kind: number, end: number): void {
    switch (kind) {
      case VARINT:
        this.#skipVarint(end);
        return;
      case FIXED64:
        this.#forward(8, end);
        return;
      case BYTES:
        this.#at = this.#limit(end);
        return;
      case FIXED32:
        this.#forward(4, end);
        return;
      default:
        throw new RangeError('a value of no known kind');
    }
  }

  #peek(at: number): number {
    return this.#bytes[at] ?? 0;
  }

  #byte(end: number): number {
    const byte = this.#at < end ? this.#bytes[this.#at] : undefined;
    if (byte === undefined) throw new RangeError('a value is cut off');
    this.#at += 1;
    return byte;
  }

  #skipVarint(end: number): void {
    for (let count = 0; count < MOST_VARINT; count++) if (this.#byte(end) < 128) return;
    throw new RangeError('a number is over 64 bits');
  }

  #forward(count: number, end: number): void {
    if (count > end - this.#at) throw new RangeError('a value is cut off');
    this.#at += count;
  }
}

/** Whether the bytes are this text, which was made from one byte a character: it is ASCII, or has U+FFFD in it, which is no byte. */
function isText(text: string, bytes: Buffer, start: number): boolean {
  for (let index = 0; index < text.length; index++) {
    if (text.charCodeAt(index) !== bytes[start + index]) return false;
  }
  return true;
}
