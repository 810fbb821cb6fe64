import { closeSync, openSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { Ledger } from './ledger.ts';
import { isBusy } from './sqlite-fault.ts';
import { sqliteLedger } from './sqlite-ledger.ts';
import type { Mark, Row } from './sqlite-protocol.ts';
import { prepareSchema } from './sqlite-schema.ts';
import { StoreError } from './store.ts';

/** While it is opened, another process may be making it. */
const OPEN_WAIT_MS = 2000;
/** Afterwards a lock is waited for by trying again, so that the feed is read meanwhile. */
const LOCK_WAIT_MS = 2;
/** How many pages are written ahead before they are moved into the file, which a commit then has to wait for. */
const CHECKPOINT_PAGES = 4000;

/** An open store file, and what is done with it. All of its methods throw SQLite's errors. */
export interface SqliteFile {
  readonly ledger: Ledger;
  /** @throws SQLite's busy error where another process holds the lock */
  begin(): void;
  commit(): void;
  /** Undoes whatever is open; never throws. */
  rollback(): void;
  /** Runs `work`, and undoes it alone where it throws. */
  nested<T>(work: () => T): T;
  /** What changed since the mark; the mark moves on. */
  feed(limit: number): readonly Row[];
  mark(): Mark;
  /** @throws StoreError `unavailable` where the file is not the one that was opened, or went back in time */
  requireSame(): void;
  /** Forgets up to `limit` used keys that ran out before `time`. */
  forget(time: number, limit: number): void;
  close(): void;
}

/**
 * Opens the file, and makes it where it is not there. A file that was open before must be the same one, no younger
 * (threats C14): another file in its place knows nothing of what was revoked in the first.
 * @param from the change after which the feed begins
 * @throws StoreError `unavailable`; SQLite's errors
 */
export function openSqliteFile(path: string, previous: Mark | undefined, from: number): SqliteFile {
  if (previous !== undefined) requireIdentity(path, previous.file);
  else if (identityOf(path) === undefined) makeEmpty(path);
  const database = new DatabaseSync(path, { timeout: OPEN_WAIT_MS });
  try {
    retryBusy(() => useWal(database, path));
    // FULL syncs at each commit; the others make macOS really do so (https://sqlite.org/pragma.html#pragma_fullfsync).
    database.exec(`PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON;
      PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    prepareSchema(database, path);
    database.exec(`PRAGMA busy_timeout = ${LOCK_WAIT_MS}`);
    return over(database, { path, previous, from });
  } catch (error) {
    database.close();
    throw error;
  }
}

interface Opened {
  readonly path: string;
  readonly previous: Mark | undefined;
  readonly from: number;
}

function over(database: DatabaseSync, { path, previous, from }: Opened): SqliteFile {
  const file = identityOf(path) ?? '';
  const wal = identityOf(`${path}-wal`);
  const selectFeed = database.prepare('SELECT seq, kind, body FROM fact WHERE seq > ? ORDER BY seq LIMIT ?');
  const selectState = database.prepare(
    "SELECT epoch, (SELECT seq FROM sqlite_sequence WHERE name = 'fact') AS seq FROM meta",
  );
  const deleteUsed = database.prepare(
    'DELETE FROM used WHERE key IN (SELECT key FROM used WHERE until < ? ORDER BY until LIMIT ?)',
  );
  const state = () => {
    const row = selectState.get();
    return { epoch: String(row?.['epoch'] ?? ''), seq: Number(row?.['seq'] ?? 0) };
  };
  const { epoch } = state();
  let seq = from;
  let atLeast = previous?.seq ?? 0;
  const requireSame = () => {
    // Deleting the write-ahead log takes commits away as surely as replacing the file does.
    requireIdentity(path, file);
    if (identityOf(`${path}-wal`) !== wal) throw replaced(path, 'its write-ahead log was replaced or deleted');
    const now = state();
    if (now.epoch !== (previous?.epoch ?? epoch)) throw replaced(path, 'another store is in its place');
    if (now.seq < atLeast) throw replaced(path, 'it went back in time: an older copy is in its place');
  };
  requireSame();
  return {
    ledger: sqliteLedger(database),
    begin: () => database.exec('BEGIN IMMEDIATE'),
    commit: () => database.exec('COMMIT'),
    rollback: () => {
      try {
        if (database.isTransaction) database.exec('ROLLBACK');
      } catch {
        // Closing the file does it too, and follows.
      }
    },
    nested: (work) => nested(database, work),
    feed: (limit) => {
      const rows = selectFeed.all(seq, limit) as unknown as readonly (Row & { readonly seq: number })[];
      seq = rows.at(-1)?.seq ?? seq;
      atLeast = Math.max(atLeast, seq);
      return rows.map(({ kind, body }) => ({ kind, body }));
    },
    mark: () => ({ file, epoch, seq: atLeast }),
    requireSame,
    forget: (time, limit) => void deleteUsed.run(time, limit),
    close: () => database.close(),
  };
}

/** A refused write must not take the others of its transaction with it. */
function nested<T>(database: DatabaseSync, work: () => T): T {
  database.exec('SAVEPOINT one');
  try {
    const result = work();
    database.exec('RELEASE one');
    return result;
  } catch (error) {
    // After some faults, such as a full disk, SQLite has undone the whole transaction itself.
    if (database.isTransaction) database.exec('ROLLBACK TO one; RELEASE one');
    throw error;
  }
}

/** For the owner alone: it says what people allowed. Never opens a file that is there: closing it would drop our locks. */
function makeEmpty(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

function useWal(database: DatabaseSync, path: string): void {
  const mode = database.prepare('PRAGMA journal_mode = WAL').get()?.['journal_mode'];
  if (mode === 'wal') return;
  throw new StoreError(
    'unavailable',
    `the store sqlite:${path} is not available: its file system cannot be shared by processes; use a local disk`,
  );
}

/** SQLite does not wait for the lock when it changes the journal mode, because two that wait would wait for each other. */
function retryBusy(work: () => void): void {
  const until = performance.now() + OPEN_WAIT_MS;
  for (;;) {
    try {
      return work();
    } catch (error) {
      if (!isBusy(error) || performance.now() > until) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
}

function identityOf(path: string): string | undefined {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found && `${found.dev}:${found.ino}`;
}

function requireIdentity(path: string, identity: string): void {
  if (identityOf(path) !== identity) throw replaced(path, 'the file was replaced or deleted while it was in use');
}

function replaced(path: string, why: string): StoreError {
  return new StoreError(
    'unavailable',
    `the store sqlite:${path} is not available: ${why}; stop every process that uses it, put the right file back, and start them again`,
  );
}
