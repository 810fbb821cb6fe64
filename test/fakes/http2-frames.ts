/** HTTP/2 frames as bytes, for what no client library would send (RFC 9113 §4.1, RFC 7541). */

export const [DATA, HEADERS, RST_STREAM, SETTINGS] = [0, 1, 3, 4];
export const END_STREAM = 1;
const END_HEADERS = 4;
export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

export function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

const text = (each: string): Buffer => Buffer.concat([Buffer.from([each.length]), Buffer.from(each)]);

/** One field, literal and not indexed (RFC 7541 §6.2.2). */
function field([name, value]: readonly [string, string]): Buffer {
  return Buffer.concat([Buffer.from([0]), text(name), text(value)]);
}

/** The HEADERS of a gRPC call on this stream. */
export function callHeaders(path: string, stream = 1): Buffer {
  const fields = [
    [':method', 'POST'],
    [':scheme', 'http'],
    [':path', path],
    [':authority', 'behalf'],
    ['content-type', 'application/grpc'],
    ['te', 'trailers'],
  ] as const;
  return frame(HEADERS, END_HEADERS, stream, Buffer.concat(fields.map(field)));
}
