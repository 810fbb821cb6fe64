/** A flag byte and the length as four bytes (gRPC over HTTP2, Length-Prefixed-Message). */
export const PREFIX_BYTES = 5;

/** One message as it goes over the wire, not compressed. */
export function frame(message: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(PREFIX_BYTES + message.length);
  framed[0] = 0;
  framed.writeUInt32BE(message.length, 1);
  framed.set(message, PREFIX_BYTES);
  return framed;
}
