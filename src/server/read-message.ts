import type { ServerHttp2Stream } from 'node:http2';
import { PREFIX_BYTES } from './frame.ts';

/** Why a call brought no message that can be read. */
export interface Flaw {
  readonly flaw: string;
}

/**
 * Reads the one message of a unary call. Where there is none, or two, or half of one, that is for the caller to judge: a gRPC
 * error would be "error" to Envoy, which `failure_mode_allow` turns into ALLOW (threats E02, E04, N05).
 * @param maxBytes of the message; what comes above is dropped, not kept
 * @param take called exactly once, unless it is stopped before; the message is a view, not a copy, where it came in one piece
 * @returns stops it: nothing is taken or kept from then on
 */
export function readMessage(
  stream: ServerHttp2Stream,
  maxBytes: number,
  take: (message: Uint8Array | Flaw) => void,
): () => void {
  const chunks: Buffer[] = [];
  let size = 0;
  // Given up once used: Node keeps ended streams for a while, and what they still held would outlive each young collection.
  let taker: typeof take | undefined = take;
  const takeOnce = (message: Uint8Array | Flaw): void => {
    const once = taker;
    taker = undefined;
    chunks.length = 0;
    once?.(message);
  };
  stream.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > PREFIX_BYTES + maxBytes) takeOnce({ flaw: `the message is over ${maxBytes} bytes` });
    else if (taker !== undefined) chunks.push(chunk);
  });
  stream.on('end', () => takeOnce(unframe(chunks, size)));
  stream.on('close', () => takeOnce({ flaw: 'the call was cut off' }));
  return () => {
    taker = undefined;
    chunks.length = 0;
  };
}

function unframe(chunks: readonly Buffer[], size: number): Uint8Array | Flaw {
  const [first] = chunks;
  if (first === undefined || size < PREFIX_BYTES) return { flaw: 'the call brought no message' };
  const framed = chunks.length === 1 ? first : Buffer.concat(chunks, size);
  // We name no encoding in grpc-accept-encoding, so that nobody may compress.
  if (framed[0] !== 0) return { flaw: 'the message is compressed' };
  if (framed.readUInt32BE(1) !== size - PREFIX_BYTES) return { flaw: 'the message is not as long as it says' };
  return framed.subarray(PREFIX_BYTES);
}
