import { Worker } from 'node:worker_threads';
import type { Logger } from '../log.ts';
import type { McpCall } from '../request/check-input.ts';
import type { Candidate } from './candidate.ts';
import { compareVerdicts } from './compare.ts';
import type { PolicyInput } from './input.ts';
import { questionsOf } from './questions.ts';
import type { FromShadow, ShadowQuestion, ToShadow } from './shadow-protocol.ts';
import type { Comparison, Verdict } from './verdict.ts';

/** What a candidate said of a request that the live policy has decided. */
export interface Shadowed {
  readonly revision: string;
  readonly result: Comparison;
  readonly code: string;
  readonly reasons: readonly string[];
}

/** A decided request, for the candidate to be asked about. */
export interface Decided {
  /** What policy was asked; of a batch, about its first element. */
  readonly first: PolicyInput;
  /** The same as JSON. */
  readonly text: string;
  readonly calls: readonly McpCall[] | undefined;
  readonly live: Verdict;
}

/** Asks candidates beside the live policy, on a thread of its own, after the answer is out. Never throws. */
export interface Shadow {
  /**
   * @param done told once, within about a second: what the candidate said, or undefined where it could not be asked in
   *   time
   */
  ask(candidate: Candidate, decided: Decided, done: (shadowed: Shadowed | undefined) => void): void;
  /** Gives up what it still waits for. */
  close(): Promise<void>;
}

interface Waiting {
  readonly candidate: Candidate;
  readonly live: Verdict;
  readonly done: (shadowed: Shadowed | undefined) => void;
  readonly since: number;
  readonly bytes: number;
}

/** More would only be memory: a shadow that cannot keep up now will not later. */
const MOST_WAITING = 128;
const MOST_BYTES = 8 * 1024 * 1024;
/** What goes over to the thread in one message, at most so many and after so long. */
const BATCH = 64;
const SEND_AFTER_MS = 10;
/** A record waits for its shadow, but no longer than this. */
const WITHIN_MS = 1000;
const LOOK_EVERY_MS = 100;
/** Where the Check's thread works for more than this share of the time, its few spare moments are for Checks. */
const BUSY = 0.6;
const FEW = 16;
/** A thread that died is started again after this long. */
const RESTART_MS = 5000;

/**
 * Makes the shadow; its thread starts with the first candidate.
 * @param utilization how busy the Check's thread was since it was last asked, from 0 to 1; tests say so themselves
 */
export function createShadow(log: Logger, utilization: () => number = loopUtilization()): Shadow {
  return new ShadowThread(log, utilization);
}

class ShadowThread implements Shadow {
  readonly #log: Logger;
  readonly #utilization: () => number;
  readonly #waiting = new Map<number, Waiting>();
  /** How many more may be asked about until the next look. */
  #allowance = Number.POSITIVE_INFINITY;
  #worker: Worker | undefined;
  #candidate: Candidate | undefined;
  #batch: ShadowQuestion[] = [];
  #bytes = 0;
  #lastId = 0;
  #timer: NodeJS.Timeout | undefined;
  #sending: NodeJS.Timeout | undefined;
  #startedAt = Number.NEGATIVE_INFINITY;
  #isClosed = false;

  constructor(log: Logger, utilization: () => number) {
    this.#log = log;
    this.#utilization = utilization;
  }

  ask(candidate: Candidate, decided: Decided, done: Waiting['done']): void {
    // Judged before anything is written as text: being busy must be cheap.
    const isFull = this.#waiting.size >= MOST_WAITING || this.#bytes >= MOST_BYTES;
    if (isFull || this.#allowance <= 0 || !this.#has(candidate)) {
      done(undefined);
      return;
    }
    this.#allowance -= 1;
    const [, ...others] = questionsOf(decided.first, decided.calls);
    const inputs = [decided.text, ...others.map((question) => JSON.stringify(question))];
    const bytes = inputs.reduce((sum, { length }) => sum + length, 0);
    const id = ++this.#lastId;
    this.#waiting.set(id, { candidate, live: decided.live, done, bytes, since: performance.now() });
    this.#bytes += bytes;
    this.#batch.push({ id, inputs });
    // A message between threads costs this one more than what is in it: they go over together.
    if (this.#batch.length >= BATCH) this.#send();
    else this.#sending ??= setTimeout(this.#send, SEND_AFTER_MS);
    this.#timer ??= setInterval(this.#look, LOOK_EVERY_MS).unref();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    for (const id of this.#waiting.keys()) this.#settle(id, undefined);
    await this.#worker?.terminate();
  }

  /** False where the thread is down, or has a newer candidate. */
  #has(candidate: Candidate): boolean {
    if (this.#isClosed) return false;
    if (this.#worker !== undefined && this.#candidate === candidate) return true;
    if (this.#candidate !== undefined && candidate.epoch < this.#candidate.epoch) return false;
    if (this.#worker === undefined && performance.now() - this.#startedAt < RESTART_MS) return false;
    this.#worker ??= this.#start();
    this.#send();
    this.#candidate = candidate;
    const { bundle, entrypoint, budget } = candidate;
    this.#post({ kind: 'load', bundle, entrypoint, budget });
    return true;
  }

  #start(): Worker {
    this.#startedAt = performance.now();
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    const worker = new Worker(new URL(`./shadow-worker.${extension}`, import.meta.url), {
      name: 'shadow',
      execArgv: [],
    });
    worker.unref();
    worker.on('message', (answers: FromShadow) => {
      for (const [id, verdict] of answers) this.#settle(id, verdict);
    });
    worker.on('error', (err) => this.#log.error({ err }, 'the shadow policy ended: decisions go on without it'));
    worker.on('exit', () => {
      this.#worker = undefined;
      for (const id of this.#waiting.keys()) this.#settle(id, undefined);
    });
    return worker;
  }

  readonly #send = (): void => {
    clearTimeout(this.#sending);
    this.#sending = undefined;
    if (this.#batch.length === 0) return;
    const questions = this.#batch;
    this.#batch = [];
    this.#post({ kind: 'ask', questions });
  };

  #post(message: ToShadow): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    this.#worker?.postMessage(message);
  }

  readonly #look = (): void => {
    const before = performance.now() - WITHIN_MS;
    for (const [id, { since }] of this.#waiting) {
      if (since > before) break;
      this.#settle(id, undefined);
    }
    // What waits outlives its time in the young generation, and makes each collection of it longer: few may wait.
    this.#allowance = this.#utilization() > BUSY ? FEW - this.#waiting.size : Number.POSITIVE_INFINITY;
  };

  #settle(id: number, verdict: Verdict | undefined): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    this.#waiting.delete(id);
    const { candidate, live, done, bytes } = waiting;
    this.#bytes -= bytes;
    done(verdict && shadowed(candidate, live, verdict));
  }
}

function loopUtilization(): () => number {
  let last = performance.eventLoopUtilization();
  return () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, last);
    last = now;
    return utilization;
  };
}

function shadowed({ revision }: Candidate, live: Verdict, verdict: Verdict): Shadowed {
  const { code, reasons } = verdict;
  return { revision, result: compareVerdicts(live, verdict), code, reasons };
}
