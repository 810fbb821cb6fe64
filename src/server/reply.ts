import type { ServerHttp2Stream } from 'node:http2';
import { beginReply } from './begin-reply.ts';
import { frame } from './frame.ts';

/** Answers a call with its only message; nothing happens where the client has hung up. */
export function reply(stream: ServerHttp2Stream, message: Uint8Array): void {
  if (beginReply(stream)) stream.end(frame(message));
}
