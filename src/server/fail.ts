import { constants, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2';

/** The codes that a call can end with here: none of a Check, which is always answered (gRPC, "Status codes"). */
const CODES = { INVALID_ARGUMENT: 3, NOT_FOUND: 5, UNIMPLEMENTED: 12 } as const;

/**
 * Ends a call without a message: with a gRPC status (gRPC over HTTP2, Trailers-Only), or, where it is no gRPC call, with an
 * HTTP one.
 */
export function fail(stream: ServerHttp2Stream, code: keyof typeof CODES | 'NOT_GRPC'): void {
  if (stream.destroyed || stream.closed) return;
  stream.respond(headOf(code), { endStream: true });
  stream.resume();
  // A client that has not ended its side would keep the stream open for nothing.
  if (!stream.readableEnded) setImmediate(() => stream.close(constants.NGHTTP2_NO_ERROR));
}

function headOf(code: keyof typeof CODES | 'NOT_GRPC'): OutgoingHttpHeaders {
  if (code === 'NOT_GRPC') return { ':status': constants.HTTP_STATUS_UNSUPPORTED_MEDIA_TYPE };
  return { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': String(CODES[code]) };
}
