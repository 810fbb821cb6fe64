import type { ServerHttp2Stream } from 'node:http2';
import { decodeHealthRequest, encodeHealthResponse } from '../wire.ts';
import { beginReply } from './begin-reply.ts';
import { fail } from './fail.ts';
import { frame } from './frame.ts';
import { readMessage } from './read-message.ts';
import { reply } from './reply.ts';

const SERVING = 1;
const NOT_SERVING = 2;
const SERVICE_UNKNOWN = 3;
const POLL_MS = 500;
/** Room for any name of a service. */
const REQUEST_BYTES = 4096;
const SERVICES = new Set(['', 'envoy.service.auth.v3.Authorization']);

/** `grpc.health.v1.Health`: says SERVING while Checks can be decided, and nothing else (threats E31). */
export interface Health {
  readonly check: (stream: ServerHttp2Stream) => void;
  readonly watch: (stream: ServerHttp2Stream) => void;
  /** Says NOT_SERVING from now on and ends every watch, so that Envoy stops sending before we stop listening. */
  drain(): void;
}

/** @param isReady asked on every call: the same answer as `/readyz` gives */
export function createHealth(isReady: () => boolean): Health {
  const watches = new Set<() => void>();
  let isDraining = false;
  const statusOf = (service: string) => {
    if (!SERVICES.has(service)) return SERVICE_UNKNOWN;
    return !isDraining && isReady() ? SERVING : NOT_SERVING;
  };

  function check(stream: ServerHttp2Stream): void {
    readService(stream, (service) => {
      const status = statusOf(service);
      // SERVICE_UNKNOWN is for Watch alone; Check ends in NOT_FOUND (health.proto).
      if (status === SERVICE_UNKNOWN) fail(stream, 'NOT_FOUND');
      else reply(stream, encodeHealthResponse(status));
    });
  }

  function watch(stream: ServerHttp2Stream): void {
    readService(stream, (service) => {
      if (!beginReply(stream)) return;
      let last: number | undefined;
      const tell = () => {
        const status = statusOf(service);
        if (status !== last) stream.write(frame(encodeHealthResponse(status)));
        last = status;
      };
      const timer = setInterval(tell, POLL_MS);
      const stop = () => {
        clearInterval(timer);
        watches.delete(end);
      };
      const end = () => {
        tell();
        stop();
        stream.end();
      };
      watches.add(end);
      stream.on('close', stop);
      tell();
    });
  }

  return {
    check,
    watch,
    drain: () => {
      isDraining = true;
      for (const end of watches) end();
    },
  };
}

/** Takes the name that is asked for, or ends the call: no Check hangs on it, so that a gRPC error does no harm. */
function readService(stream: ServerHttp2Stream, take: (service: string) => void): void {
  readMessage(stream, REQUEST_BYTES, (message) => {
    const service = 'flaw' in message ? undefined : decodeHealthRequest(message);
    if (service === undefined) fail(stream, 'INVALID_ARGUMENT');
    else take(service);
  });
}
