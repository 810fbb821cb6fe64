import { resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Logger } from '../log.ts';
import type { Fact } from './fact.ts';
import { FactsIndex } from './facts-index.ts';
import { monotonic } from './monotonic.ts';
import type { FromWorker, Mark, Outcome, Row, ToWorker, WorkerData } from './sqlite-protocol.ts';
import { type Store, StoreError } from './store.ts';
import { storeOver } from './store-over.ts';
import type { Answer, Write } from './write.ts';

/** What a Check can wait for; a spending that takes longer is denied. */
const SPEND_WITHIN_MS = 100;
/** The share of the time in which a write must have begun, or never will: so few are denied that were written. */
const BEGIN_SHARE = 0.8;
/** What a person or a program that changes grants waits for. */
const OTHERS = { begin: 2000, answer: 5000 } as const;
/** More would only be waiting for a disk that hangs, and memory is not to be filled with them (threats C03). */
const MAX_UNANSWERED = 10_000;
/** A thread that dies is started again after this long, then twice as long, up to the last. */
const RESTART_MS = { first: 100, last: 5000 } as const;

export interface SqliteOptions {
  readonly log: Logger;
  readonly now: () => number;
  /** How long a spending may take, in milliseconds: 100, unless a test has a slow machine. */
  readonly spendWithin?: number | undefined;
  /** Starts the store's thread; tests take hold of it here. */
  readonly startWorker?: (data: WorkerData) => Worker;
}

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: StoreError) => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * A store in one SQLite file, for all processes of one machine. Reads are of this thread's index. The file belongs to a
 * thread of its own, so this one never waits for a disk or a lock. Writes are acknowledged after COMMIT; one that was not
 * acknowledged in time is `unavailable`, and the caller must deny: it will not happen later, unless it was being committed.
 */
export function openSqliteStore(file: string, options: SqliteOptions): Store {
  const store = new SqliteStore(resolve(file), options);
  return storeOver(store.index, {
    name: `sqlite:${file}`,
    isDurable: true,
    now: options.now,
    write: (write) => store.write(write),
    staleness: () => monotonic() - store.knownAt,
    ready: () => store.ready,
    close: () => store.close(),
  });
}

class SqliteStore {
  readonly index = new FactsIndex();
  /** When this process last knew that it knew everything. */
  knownAt = Number.NEGATIVE_INFINITY;
  readonly ready: Promise<void>;

  readonly #file: string;
  readonly #options: SqliteOptions;
  readonly #spending: { readonly begin: number; readonly answer: number };
  readonly #waiting = new Map<number, Waiting>();
  readonly #settleReady: { resolve: () => void; reject: (error: StoreError) => void };
  #worker: Worker | undefined;
  #mark: Mark | undefined;
  #lastId = 0;
  /** Writes that its thread has not answered, given up or not. */
  #unanswered = 0;
  #fault: string | undefined;
  #restartMs: number = RESTART_MS.first;
  #restarting: NodeJS.Timeout | undefined;
  /** Why it can never be used again: closed, or it never could. */
  #ended: string | undefined;
  #isUnreadable = false;

  constructor(file: string, options: SqliteOptions) {
    this.#file = file;
    this.#options = options;
    const answer = options.spendWithin ?? SPEND_WITHIN_MS;
    this.#spending = { begin: answer * BEGIN_SHARE, answer };
    const { promise, resolve: isReady, reject } = Promise.withResolvers<void>();
    this.ready = promise;
    // Whoever does not wait for it is told by the first write.
    promise.catch(() => {});
    this.#settleReady = { resolve: isReady, reject };
    this.#start();
  }

  async write(write: Write): Promise<Answer> {
    if (this.#ended !== undefined) throw new StoreError('unavailable', this.#ended);
    const worker = this.#worker;
    if (worker === undefined) throw new StoreError('unavailable', this.#fault ?? `${this.#name()} is starting again`);
    if (this.#unanswered >= MAX_UNANSWERED) {
      throw new StoreError('unavailable', `${this.#name()} is not available: too many writes wait for it`);
    }
    this.#unanswered++;
    const patience = write.op === 'spend' ? this.#spending : OTHERS;
    const id = ++this.#lastId;
    const deadline = monotonic() + patience.begin;
    return new Promise((resolveWrite, reject) => {
      send(worker, { kind: 'write', id, write, deadline });
      const timer = setTimeout(() => this.#giveUp(id), patience.answer);
      this.#waiting.set(id, { resolve: resolveWrite, reject, timer });
    });
  }

  async close(): Promise<void> {
    this.#ended ??= `${this.#name()} is closed`;
    clearTimeout(this.#restarting);
    const worker = this.#worker;
    if (worker === undefined) return;
    const exited = new Promise((done) => worker.once('exit', done));
    send(worker, { kind: 'close' });
    await exited;
  }

  #start(): void {
    const { startWorker = startThread } = this.#options;
    const worker = startWorker({ file: this.#file, mark: this.#mark });
    this.#worker = worker;
    worker.on('message', (message: FromWorker) => this.#hear(message));
    worker.on('error', (error) => this.#options.log.error({ err: error }, 'the thread of the store failed'));
    worker.on('exit', () => this.#restart());
  }

  #restart(): void {
    this.#worker = undefined;
    const message = `${this.#name()} is not available: its thread ended; it may have written`;
    this.#unanswered = 0;
    for (const id of this.#waiting.keys()) this.#settle({ id, error: { kind: 'unavailable', message } });
    if (this.knownAt === Number.NEGATIVE_INFINITY) this.#ended ??= `${this.#name()} cannot be used: its thread ended`;
    if (this.#ended !== undefined) {
      this.#settleReady.reject(new StoreError('unavailable', this.#ended));
      return;
    }
    this.#options.log.error({ store: this.#file, againInMs: this.#restartMs }, 'the thread of the store ended');
    this.#restarting = setTimeout(() => this.#start(), this.#restartMs);
    this.#restartMs = Math.min(this.#restartMs * 2, RESTART_MS.last);
  }

  #hear(message: FromWorker): void {
    if (this.#isUnreadable) return;
    this.#unanswered -= message.outcomes.length;
    if (message.kind === 'fault') return this.#hearFault(message);
    try {
      for (const row of message.rows) this.index.apply(factOf(row));
    } catch (error) {
      // What cannot be read may be a revocation: from here on this process does not know everything, and says so.
      this.#isUnreadable = true;
      this.#ended = `${this.#name()} is not available: it holds what this version cannot read`;
      this.#options.log.fatal({ err: error, store: this.#file }, 'the store cannot be read');
      return this.#refuseEverything();
    }
    this.#mark = message.mark;
    if (message.knownAt === undefined) {
      if (this.#worker !== undefined) send(this.#worker, { kind: 'applied' });
      return;
    }
    this.knownAt = message.knownAt;
    this.#restartMs = RESTART_MS.first;
    if (this.#fault !== undefined) this.#options.log.info({ store: this.#file }, 'the store is available again');
    this.#fault = undefined;
    this.#settleReady.resolve();
    for (const outcome of message.outcomes) this.#settle(outcome);
  }

  #hearFault({ message, outcomes }: Extract<FromWorker, { readonly kind: 'fault' }>): void {
    for (const outcome of outcomes) this.#settle(outcome);
    if (this.#fault !== message) this.#options.log.error({ store: this.#file }, message);
    this.#fault = message;
    if (this.knownAt !== Number.NEGATIVE_INFINITY) return;
    this.#ended ??= message;
    this.#refuseEverything();
  }

  #refuseEverything(): void {
    this.#settleReady.reject(new StoreError('unavailable', this.#ended ?? `${this.#name()} cannot be used`));
    if (this.#worker !== undefined) send(this.#worker, { kind: 'close' });
  }

  #giveUp(id: number): void {
    const message = `${this.#name()} is not available: it did not answer in time, and may have written`;
    this.#settle({ id, error: { kind: 'unavailable', message } });
  }

  #settle(outcome: Outcome): void {
    const waiting = this.#waiting.get(outcome.id);
    if (waiting === undefined) return;
    this.#waiting.delete(outcome.id);
    clearTimeout(waiting.timer);
    if ('answer' in outcome) waiting.resolve(outcome.answer);
    else waiting.reject(new StoreError(outcome.error.kind, outcome.error.message));
  }

  #name(): string {
    return `the store sqlite:${this.#file}`;
  }
}

/** A checkout runs the sources, a package what was compiled of them: this file's own ending says which. */
function startThread(data: WorkerData): Worker {
  const ending = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return new Worker(new URL(`./sqlite-worker.${ending}`, import.meta.url), { workerData: data, execArgv: [] });
}

function factOf({ kind, body }: Row): Fact {
  const value: unknown = JSON.parse(body);
  return { kind, value } as Fact;
}

function send(worker: Worker, message: ToWorker): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  worker.postMessage(message);
}
