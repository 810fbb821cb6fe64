/** Reads a WebAssembly binary from left to right. Never reads past its end: what is cut off throws a RangeError. */
export class Cursor {
  readonly bytes: Uint8Array;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  get isDone(): boolean {
    return this.at === this.bytes.length;
  }

  byte(): number {
    const byte = this.bytes[this.at];
    if (byte === undefined) throw new RangeError('it is cut off');
    this.at += 1;
    return byte;
  }

  /** An unsigned LEB128 of at most 32 bits. */
  u32(): number {
    let value = 0;
    for (let place = 1; place <= 2 ** 28; place *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * place;
      if (byte < 0x80 && value < 2 ** 32) return value;
    }
    throw new RangeError('a number is too large');
  }

  /** Steps over a LEB128 of at most 64 bits, of whatever sign. */
  skipNumber(): void {
    const start = this.at;
    while (this.byte() >= 0x80) {
      if (this.at - start === 10) throw new RangeError('a number is too large');
    }
  }

  take(length: number): Uint8Array {
    const end = this.at + length;
    if (end > this.bytes.length) throw new RangeError('it is cut off');
    const taken = this.bytes.subarray(this.at, end);
    this.at = end;
    return taken;
  }
}
