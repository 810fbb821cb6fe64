import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { Logger } from 'pino';
import type { Trail } from '../provenance/trail.ts';
import { Refusal } from '../refusals.ts';
import { requireEnvoy } from './caller.ts';
import { grpcTimeout } from './grpc-timeout.ts';
import { readMessage } from './read-message.ts';
import { reply } from './reply.ts';

/** The Check itself, as this step needs it; check.ts provides it. Neither function rejects or throws. */
export interface Decider {
  check(bytes: Uint8Array, trail: Trail): Promise<Buffer>;
  refuse(refusal: Refusal, trail: Trail): Buffer;
}

export interface AuthorizationParts {
  readonly decider: Decider;
  /** Writes span, record and metrics of one Check; called once for each, after the answer is on its way. */
  readonly record: (trail: Trail) => void;
  readonly maxInFlight: number;
  /** The SPIFFE IDs that may ask; undefined where the listener has no TLS. */
  readonly callers?: ReadonlySet<string> | undefined;
  readonly log: Logger;
}

/** We answer within 150 ms, or three quarters of a shorter timeout of Envoy's (default 200 ms; design §2, threats E03). */
const BUDGET_MS = 150;
const BUDGET_SHARE = 0.75;
/** Above anything that Envoy sends: the Check itself refuses what is over `limits.messageBytes` (threats E04). */
const RECEIVE_LIMIT = 64 * 1024 * 1024;

/** `Authorization.Check`, on raw bytes, and the number of Checks that it is working on. */
export interface Authorization {
  readonly handle: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;
  readonly inFlight: () => number;
  /** When the last Check came, on the clock of `performance.now()`. */
  readonly lastAt: () => number;
}

/**
 * Answers every call exactly once and in time, and leaves exactly one record for it, also when Envoy has hung up
 * (design §1.7). A step that never settles is answered by the timer; its late result is dropped.
 */
export function createAuthorization({ decider, record, maxInFlight, callers, log }: AuthorizationParts): Authorization {
  let inFlight = 0;
  let lastAt = Number.NEGATIVE_INFINITY;

  function handle(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    const trail = begin(headers);
    lastAt = trail.started;
    inFlight++;
    let isAnswered = false;
    let stopReading: (() => void) | undefined;

    function answer(bytes: Buffer, known: Trail): void {
      if (isAnswered) return;
      isAnswered = true;
      inFlight--;
      clearTimeout(timer);
      stopReading?.();
      send(bytes, stream, log);
      known.answered = performance.now();
      report(known, log);
      setImmediate(leaveRecord, known, { record, log });
    }

    const timer = setTimeout(() => {
      // The walk may still write to its trail: what is recorded is a copy.
      const known = { ...trail };
      trail.isOverdue = true;
      answer(decider.refuse(new Refusal('deadline_exceeded', 'the decision took too long'), known), known);
    }, budgetOf(headers));

    const deny = (refusal: Refusal): void => {
      if (!isAnswered) answer(decider.refuse(refusal, trail), trail);
    };

    const refusal = refuseCall(stream, trail);
    if (refusal !== undefined) {
      stream.resume();
      deny(refusal);
      return;
    }
    stopReading = readMessage(stream, RECEIVE_LIMIT, (message) => {
      // A burst waits in our own queue: the Check has its time from here, as whoever never ends its message has from its headers.
      timer.refresh();
      if ('flaw' in message) {
        deny(new Refusal('malformed_check_request', message.flaw));
        return;
      }
      decider.check(message, trail).then(
        (bytes) => answer(bytes, trail),
        (cause: unknown) => deny(new Refusal('internal_error', 'the Check rejected', { cause })),
      );
    });
  }

  /** What can be refused without the message. */
  function refuseCall({ session }: ServerHttp2Stream, { receivedAt }: Trail): Refusal | undefined {
    try {
      requireEnvoy(session, callers, receivedAt);
    } catch (cause) {
      return cause instanceof Refusal
        ? cause
        : new Refusal('internal_error', 'the caller could not be judged', { cause });
    }
    return inFlight > maxInFlight ? new Refusal('overloaded', `over ${maxInFlight} Checks are in flight`) : undefined;
  }

  return { handle, inFlight: () => inFlight, lastAt: () => lastAt };
}

function begin({ traceparent, tracestate }: IncomingHttpHeaders): Trail {
  return {
    decisionId: randomUUID(),
    receivedAt: Date.now(),
    started: performance.now(),
    callerTrace: {
      ...(typeof traceparent === 'string' && { traceparent }),
      ...(typeof tracestate === 'string' && { tracestate }),
    },
  };
}

/** Milliseconds. Envoy sends its timeout as `grpc-timeout`. */
function budgetOf(headers: IncomingHttpHeaders): number {
  const timeout = grpcTimeout(headers['grpc-timeout']);
  return timeout === undefined ? BUDGET_MS : Math.max(1, Math.min(BUDGET_MS, timeout * BUDGET_SHARE));
}

/** Nothing that the connection does may keep a Check from its record. */
function send(bytes: Buffer, stream: ServerHttp2Stream, log: Logger): void {
  try {
    reply(stream, bytes);
  } catch (err) {
    log.error({ err }, 'an answer could not be sent');
    stream.destroy();
  }
}

/** The answer is out: what fails now costs telemetry, never the process. */
function leaveRecord(trail: Trail, { record, log }: Pick<AuthorizationParts, 'record' | 'log'>): void {
  try {
    record(trail);
  } catch (err) {
    log.error({ decisionId: trail.decisionId, err }, 'a Check could not be recorded');
  }
}

/** A bug is the operator's to see: the client only learns that it was a fault. */
function report({ refusal, decisionId }: Trail, log: Logger): void {
  if (refusal?.code === 'internal_error') log.error({ decisionId, err: refusal.cause }, 'a step of a Check failed');
}
