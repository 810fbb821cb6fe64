/** What an encoded CheckResponse says, as Envoy would read it. An absent member is undefined, an absent code 0. */
export interface Said {
  readonly status: number | undefined;
  readonly isOk: boolean;
  readonly denied: number | undefined;
}

const VARINT_1 = 0x08;
const BYTES_1 = 0x0a;
/** The members that we write: `status`, `denied_response`, `ok_response`, `dynamic_metadata`, all messages. */
const MEMBERS = [0x0a, 0x12, 0x1a, 0x22] as const;

/**
 * Reads the members of a CheckResponse that decide, out of its bytes and by nothing that wrote them. Stricter than a
 * parser: ascending members, each at most once, each whole, and no others.
 * @throws TypeError where the bytes are anything else
 */
export function readBack(bytes: Uint8Array): Said {
  const said: {
    status: number | undefined;
    isOk: boolean;
    denied: number | undefined;
  } = {
    status: undefined,
    isOk: false,
    denied: undefined,
  };
  let last = 0;
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes[at] ?? 0;
    const [length, start] = varint(bytes, at + 1);
    at = start + length;
    if (tag <= last || !MEMBERS.some((member) => member === tag) || at > bytes.length)
      throw new TypeError('not an answer');
    last = tag;
    const content = bytes.subarray(start, at);
    if (tag === MEMBERS[0]) said.status = code(content);
    if (tag === MEMBERS[1]) said.denied = code(first(content));
    if (tag === MEMBERS[2]) said.isOk = true;
  }
  return said;
}

/** The message in field 1, where the content begins with one: `DeniedHttpResponse.status`. */
function first(content: Uint8Array): Uint8Array {
  if (content[0] !== BYTES_1) return content.subarray(0, 0);
  const [length, start] = varint(content, 1);
  return content.subarray(start, start + length);
}

/** The number in field 1: `google.rpc.Status.code`, `HttpStatus.code`. Nothing may come after it. */
function code(content: Uint8Array): number {
  if (content.length === 0) return 0;
  const [value, end] = varint(content, 1);
  if (content[0] !== VARINT_1 || end !== content.length) throw new TypeError('not a status');
  return value;
}

function varint(bytes: Uint8Array, start: number): [value: number, end: number] {
  let value = 0;
  for (let at = start, shift = 0; shift < 28; at++, shift += 7) {
    const byte = bytes[at] ?? 0x80;
    value |= (byte & 127) << shift;
    if (byte < 128) return [value, at + 1];
  }
  throw new TypeError('not a number');
}
