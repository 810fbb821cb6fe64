import { status as Code, type handleUnaryCall, type ServerWritableStream } from '@grpc/grpc-js';
import type { HealthCheckRequest__Output } from '../generated/grpc/health/v1/HealthCheckRequest.ts';
import type { HealthCheckResponse } from '../generated/grpc/health/v1/HealthCheckResponse.ts';

const SERVING = 1;
const NOT_SERVING = 2;
const SERVICE_UNKNOWN = 3;
const POLL_MS = 500;
const SERVICES = new Set(['', 'envoy.service.auth.v3.Authorization']);

/** `grpc.health.v1.Health`: says SERVING while Checks can be decided, and nothing else (threats E31). */
export interface Health {
  readonly handlers: {
    readonly Check: handleUnaryCall<HealthCheckRequest__Output, HealthCheckResponse>;
    readonly Watch: (call: ServerWritableStream<HealthCheckRequest__Output, HealthCheckResponse>) => void;
  };
  /** Says NOT_SERVING from now on and ends every watch, so that Envoy stops sending before we stop listening. */
  drain(): void;
}

/** @param isReady asked on every call: the same answer as `/readyz` gives */
export function createHealth(isReady: () => boolean): Health {
  const watches = new Set<() => void>();
  let isDraining = false;
  const statusOf = (service = '') => {
    if (!SERVICES.has(service)) return SERVICE_UNKNOWN;
    return !isDraining && isReady() ? SERVING : NOT_SERVING;
  };
  return {
    handlers: {
      // SERVICE_UNKNOWN is for Watch alone; Check ends in NOT_FOUND (health.proto).
      Check: (call, callback) => {
        const answer = statusOf(call.request.service);
        if (answer === SERVICE_UNKNOWN) callback({ code: Code.NOT_FOUND });
        else callback(null, { status: answer });
      },
      Watch: (call) => {
        let last: number | undefined;
        const tell = () => {
          const status = statusOf(call.request.service);
          if (status !== last) call.write({ status });
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
          call.end();
        };
        watches.add(end);
        call.on('cancelled', stop);
        tell();
      },
    },
    drain: () => {
      isDraining = true;
      for (const end of watches) end();
    },
  };
}
