/** Where a protobuf message can be cut: before and inside each tag and length, and at both ends and inside each value. */
export interface Boundary {
  readonly at: number;
  readonly where: 'before a tag' | 'in a tag' | 'before a length' | 'in a length' | 'before a value' | 'in a value';
}

interface Field {
  readonly start: number;
  readonly afterTag: number;
  readonly value: number;
  readonly end: number;
  readonly isDelimited: boolean;
}

/** All of them, at every depth: what can be read as a message inside a message is walked too. */
export function boundaries(bytes: Buffer): readonly Boundary[] {
  const found: Boundary[] = [];
  walk(bytes, { from: 0, to: bytes.length }, found);
  return found;
}

function walk(bytes: Buffer, { from, to }: { from: number; to: number }, found: Boundary[]): boolean {
  const fields: Field[] = [];
  for (let at = from; at < to; ) {
    const field = readField(bytes, at, to);
    if (field === undefined) return false;
    fields.push(field);
    at = field.end;
  }
  for (const field of fields) {
    found.push({ at: field.start, where: 'before a tag' });
    if (field.afterTag - field.start > 1) found.push({ at: field.start + 1, where: 'in a tag' });
    if (field.isDelimited) found.push({ at: field.afterTag, where: 'before a length' });
    if (field.value - field.afterTag > 1) found.push({ at: field.afterTag + 1, where: 'in a length' });
    found.push({ at: field.value, where: 'before a value' });
    if (field.end - field.value > 1) found.push({ at: (field.value + field.end) >> 1, where: 'in a value' });
    if (field.isDelimited) walk(bytes, { from: field.value, to: field.end }, found);
  }
  return true;
}

function readField(bytes: Buffer, start: number, limit: number): Field | undefined {
  const tag = readVarint(bytes, start, limit);
  if (tag === undefined || tag.value < 8) return undefined;
  const afterTag = tag.end;
  const wireType = tag.value & 7;
  if (wireType === 0) {
    const number = readVarint(bytes, afterTag, limit);
    return number && { start, afterTag, value: afterTag, end: number.end, isDelimited: false };
  }
  if (wireType !== 2) return undefined;
  const length = readVarint(bytes, afterTag, limit);
  if (length === undefined || length.end + length.value > limit) return undefined;
  return { start, afterTag, value: length.end, end: length.end + length.value, isDelimited: true };
}

function readVarint(bytes: Buffer, at: number, limit: number): { value: number; end: number } | undefined {
  let value = 0;
  for (let index = at; index < Math.min(limit, at + 5); index++) {
    const byte = bytes[index] ?? 0;
    value += (byte & 127) * 128 ** (index - at);
    if (byte < 128) return { value, end: index + 1 };
  }
  return undefined;
}
