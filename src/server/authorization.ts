import { randomUUID } from 'node:crypto';
import type { ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import type { Trail } from '../provenance/trail.ts';
import { Refusal } from '../refusals.ts';
import { requireEnvoy } from './caller.ts';

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

/** The handler of `Authorization.Check`, on raw bytes, and the number of Checks that it is working on. */
export interface Authorization {
  readonly handle: (call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>) => void;
  readonly inFlight: () => number;
}

/**
 * Answers every call exactly once and in time, and leaves exactly one record for it, also when Envoy has hung up
 * (design §1.7). A step that never settles is answered by the timer; its late result is dropped.
 */
export function createAuthorization({ decider, record, maxInFlight, callers, log }: AuthorizationParts): Authorization {
  let inFlight = 0;

  function handle(call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>): void {
    const trail = begin(call);
    inFlight++;
    let isAnswered = false;

    function answer(bytes: Buffer, known: Trail): void {
      if (isAnswered) return;
      isAnswered = true;
      inFlight--;
      clearTimeout(timer);
      callback(null, bytes);
      known.answered = performance.now();
      report(known, log);
      setImmediate(leaveRecord, known, { record, log });
    }

    const timer = setTimeout(() => {
      // The walk may still write to its trail: what is recorded is a copy.
      const known = { ...trail };
      trail.isOverdue = true;
      answer(decider.refuse(new Refusal('deadline_exceeded', 'the decision took too long'), known), known);
    }, budgetOf(call));

    const refusal = refuseCall(call, trail);
    if (refusal !== undefined) {
      answer(decider.refuse(refusal, trail), trail);
      return;
    }
    decider.check(call.request, trail).then(
      (bytes) => answer(bytes, trail),
      (error: unknown) => {
        const refusal = new Refusal('internal_error', 'the Check rejected', { cause: error });
        answer(decider.refuse(refusal, trail), trail);
      },
    );
  }

  /** What can be refused without the message. */
  function refuseCall(call: ServerUnaryCall<Buffer, Buffer>, { receivedAt }: Trail): Refusal | undefined {
    try {
      requireEnvoy(call, callers, receivedAt);
    } catch (cause) {
      return cause instanceof Refusal
        ? cause
        : new Refusal('internal_error', 'the caller could not be judged', { cause });
    }
    return inFlight > maxInFlight ? new Refusal('overloaded', `over ${maxInFlight} Checks are in flight`) : undefined;
  }

  return { handle, inFlight: () => inFlight };
}

function begin(call: ServerUnaryCall<Buffer, Buffer>): Trail {
  const traceparent = call.metadata.get('traceparent')[0];
  const tracestate = call.metadata.get('tracestate')[0];
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

/** Envoy sends its timeout as `grpc-timeout`; grpc-js gives it as a deadline. */
function budgetOf(call: ServerUnaryCall<Buffer, Buffer>): number {
  const deadline = call.getDeadline();
  const remaining = Number(deadline) - Date.now();
  return Number.isFinite(remaining) ? Math.max(1, Math.min(BUDGET_MS, remaining * BUDGET_SHARE)) : BUDGET_MS;
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
