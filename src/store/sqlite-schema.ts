import { randomUUID } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { StoreError } from './store.ts';

/** "BHLF": says that a database is ours (https://sqlite.org/pragma.html#pragma_application_id). */
const APPLICATION_ID = 0x42484c46;
const VERSION = 1;

/**
 * `fact` holds the newest state of each thing, under a number that grows with every change: whoever remembers the last
 * one that it saw reads only what changed since. AUTOINCREMENT never gives a number out again. `used` has hashes of keys:
 * they are of one length, whatever came in, and UNIQUE is what makes a replay impossible.
 */
const SCHEMA = `
  CREATE TABLE meta (epoch TEXT NOT NULL) STRICT;
  CREATE TABLE fact (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (kind, key)
  ) STRICT;
  CREATE TABLE used (key BLOB PRIMARY KEY, until INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE INDEX used_until ON used (until);
`;

/**
 * Makes the tables of a new file; refuses one that is not ours, is of another version, or is damaged.
 * @throws StoreError `unavailable`; SQLite's errors
 */
export function prepareSchema(database: DatabaseSync, file: string): void {
  if (isEmpty(database)) create(database);
  const [application, version] = [pragma(database, 'application_id'), pragma(database, 'user_version')];
  if (application !== APPLICATION_ID) throw unusable(file, 'it is not a Behalf store');
  if (version !== VERSION) {
    throw unusable(file, `another version of Behalf made it (schema ${version}; this one reads ${VERSION})`);
  }
  const verdict = database.prepare('PRAGMA quick_check(1)').get()?.['quick_check'];
  if (verdict !== 'ok') throw unusable(file, 'it is damaged: restore it from a backup');
}

/** Two processes may find it empty; the second waits for the lock, and finds it made. */
function create(database: DatabaseSync): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    if (isEmpty(database)) {
      database.exec(SCHEMA);
      database.prepare('INSERT INTO meta (epoch) VALUES (?)').run(randomUUID());
      database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${VERSION}`);
    }
    database.exec('COMMIT');
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

function isEmpty(database: DatabaseSync): boolean {
  const tables = database.prepare('SELECT count(*) AS count FROM sqlite_schema').get()?.['count'];
  return tables === 0 && pragma(database, 'application_id') === 0;
}

function pragma(database: DatabaseSync, name: 'application_id' | 'user_version'): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name]);
}

function unusable(file: string, why: string): StoreError {
  return new StoreError('unavailable', `the store sqlite:${file} is not available: ${why}`);
}
