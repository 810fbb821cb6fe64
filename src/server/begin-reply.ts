import { constants, type ServerHttp2Stream } from 'node:http2';

const HEAD = [':status', '200', 'content-type', 'application/grpc'];
/** No client of ours reads a date. */
const OPTIONS = { waitForTrailers: true, sendDate: false };

/**
 * Begins the answer of a call: messages from `frame` follow, and `stream.end()` ends it with OK.
 * @returns false where the client has hung up, and nothing may follow: a stream that was reset is closed before it is destroyed
 */
export function beginReply(stream: ServerHttp2Stream): boolean {
  if (stream.destroyed || stream.closed) return false;
  stream.on('wantTrailers', sendOk);
  stream.respond(HEAD, OPTIONS);
  return true;
}

function sendOk(this: ServerHttp2Stream): void {
  this.sendTrailers({ 'grpc-status': '0' });
  // Who has the answer need not go on sending (RFC 9113 §8.1). The trailers themselves leave on the next turn.
  if (!this.readableEnded) setImmediate(() => this.close(constants.NGHTTP2_NO_ERROR));
}
