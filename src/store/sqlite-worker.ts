/**
 * The store's own thread: the only one that opens the file. It takes writes, carries out all that wait in one
 * transaction, and reads the feed; what is new goes to the Check's thread. Started by sqlite-store.ts.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { monotonic } from './monotonic.ts';
import { perform } from './perform.ts';
import { isBusy, sqliteFault } from './sqlite-fault.ts';
import { openSqliteFile, type SqliteFile } from './sqlite-file.ts';
import type { FromWorker, Mark, Outcome, ToWorker, WorkerData } from './sqlite-protocol.ts';
import { StoreError } from './store.ts';

type Queued = Extract<ToWorker, { readonly kind: 'write' }>;

/** How often others' changes are looked for. */
const POLL_MS = 100;
/** How soon a lock that another process holds is tried again. */
const LOCK_RETRY_MS = 1;
/** Bounds a transaction, and so how long the writes that wait for it wait. */
const MAX_BATCH = 256;
/** Bounds what the Check's thread takes in at once: more would delay Checks. */
const MAX_ROWS = 500;
/** How long a used key is kept beyond its time, should the clock step back. */
const GRACE_MS = 60_000;

const { file: path, mark: firstMark } = workerData as WorkerData;

let file: SqliteFile | undefined;
let mark: Mark | undefined = firstMark;
/** What this thread has sent. One that takes another's place sends everything again. */
let seen = 0;
let queue: Queued[] = [];
/** Of committed writes whose changes have not been sent yet. */
let outcomes: Outcome[] = [];
let isScheduled = false;
/** True while the Check's thread takes in what was sent. */
let isTakingIn = false;
let isClosing = false;
let toldAt = Number.NEGATIVE_INFINITY;

const polling = setInterval(schedule, POLL_MS);
parentPort?.on('message', (message: ToWorker) => {
  if (message.kind === 'write') queue.push(message);
  else isTakingIn = false;
  if (message.kind === 'close') isClosing = true;
  schedule();
});
schedule();

/** All messages that have arrived by then belong to the next transaction. */
function schedule(): void {
  if (isScheduled) return;
  isScheduled = true;
  setImmediate(turn);
}

function turn(): void {
  isScheduled = false;
  try {
    file ??= openSqliteFile(path, mark, seen);
    if (!isTakingIn) {
      commit(file);
      tell(file);
    }
    if (isClosing && queue.length === 0) close();
    else if (queue.length > 0 && !isTakingIn) setTimeout(schedule, LOCK_RETRY_MS);
  } catch (error) {
    fail(error);
  }
}

/** Carries out what waits. Where another process holds the lock, it goes on waiting until its deadline. */
function commit(open: SqliteFile): void {
  dropLate();
  if (queue.length === 0) return;
  try {
    open.begin();
  } catch (error) {
    if (isBusy(error)) return;
    throw error;
  }
  const batch = queue.slice(0, MAX_BATCH);
  queue = queue.slice(MAX_BATCH);
  try {
    open.requireSame();
    const done = batch.map((queued) => outcomeOf(queued, open));
    open.forget(Math.min(...batch.map(({ write }) => write.now)) - GRACE_MS, batch.length * 2);
    open.commit();
    // What was committed to a file that nobody else sees any more is not durable.
    open.requireSame();
    outcomes.push(...done);
  } catch (error) {
    open.rollback();
    outcomes.push(...batch.map(({ id }) => unavailable(id, sqliteFault(path, error))));
    throw error;
  }
}

function outcomeOf({ id, write, deadline }: Queued, open: SqliteFile): Outcome {
  if (monotonic() >= deadline) return unavailable(id, LATE);
  try {
    return { id, answer: open.nested(() => perform(write, open.ledger)) };
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return { id, error: { kind: error.kind, message: error.message } };
  }
}

const UNSURE = `the store sqlite:${path} failed after it had written: look before you ask again`;
const LATE = `the store sqlite:${path} is not available: it was busy for too long; nothing was written`;

/** Whoever asked has been told that it failed, so it must not happen any more. */
function dropLate(): void {
  const now = monotonic();
  const late = queue.filter(({ deadline }) => now >= deadline);
  if (late.length === 0) return;
  queue = queue.filter(({ deadline }) => now < deadline);
  outcomes.push(...late.map(({ id }) => unavailable(id, LATE)));
}

/** Sends what is new, and whose writes are among it. */
function tell(open: SqliteFile): void {
  const knownAt = monotonic();
  // While it waits for a lock this comes by every millisecond.
  if (outcomes.length === 0 && knownAt - toldAt < POLL_MS / 2) return;
  open.requireSame();
  // At the end nobody answers any more that there is room for the rest.
  const rows = open.feed(isClosing ? Number.MAX_SAFE_INTEGER : MAX_ROWS);
  mark = open.mark();
  seen = mark.seq;
  isTakingIn = !isClosing && rows.length === MAX_ROWS;
  toldAt = isTakingIn ? Number.NEGATIVE_INFINITY : knownAt;
  const settled = isTakingIn ? [] : outcomes;
  if (!isTakingIn) outcomes = [];
  post({ kind: 'news', rows, outcomes: settled, knownAt: isTakingIn ? undefined : knownAt, mark });
}

/**
 * Says so, and tries anew at the next poll: with the same open file where that is sound and only not the one that others
 * see any more, so that it stays refused until it is; else the file is opened again.
 */
function fail(error: unknown): void {
  const message = sqliteFault(path, error);
  const failed = queue.map(({ id }) => unavailable(id, message));
  // These are in the file, and yet not visible to this process, so they are not acknowledged.
  const unseen = outcomes.map((outcome) => ('answer' in outcome ? unavailable(outcome.id, UNSURE) : outcome));
  queue = [];
  outcomes = [];
  post({ kind: 'fault', message, outcomes: [...failed, ...unseen] });
  isTakingIn = false;
  if (!(error instanceof StoreError)) discard();
  if (isClosing) close();
}

function discard(): void {
  try {
    file?.close();
  } catch {
    // It is not used again.
  }
  file = undefined;
}

function close(): void {
  clearInterval(polling);
  discard();
  parentPort?.close();
}

function unavailable(id: number, message: string): Outcome {
  return { id, error: { kind: 'unavailable', message } };
}

function post(message: FromWorker): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  parentPort?.postMessage(message);
}
