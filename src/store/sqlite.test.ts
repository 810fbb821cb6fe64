/** What only a file can do: be shared, outlive a process, and fail. The behaviour of every store is in behaviour.test.ts. */
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type StoreProcess, startStoreProcess } from '../../test/fakes/store-process.ts';
import { createLog } from '../log.ts';
import { openStore } from './open-store.ts';
import { openSqliteStore } from './sqlite-store.ts';
import type { Presented, Store } from './store.ts';

const HOUR = 3_600_000;
const subject = { issuer: 'https://idp.acme.example', id: 'alice' };
const why = { by: 'operator', reason: 'test' };
const log = createLog({ level: 'silent' });
/** A busy machine must not make these tests red; the tests of locks take the default. */
const slow = { log, spendWithin: 5000 };
const patient = { timeout: 5000, interval: 10 };

const draft = (id: string, over: Partial<Parameters<Store['createGrant']>[0]> = {}) => ({
  id,
  subject,
  actor: 'procurement',
  task: 'pay',
  actions: ['pay'],
  target: 'https://erp.acme.example',
  context: {},
  budget: undefined,
  expiresAt: Date.now() + HOUR,
  parent: undefined,
  ...over,
});
const once = (key: string) => ({ once: [{ key, until: Date.now() + HOUR }] });
const presented = (tokenId: string): Presented => ({
  tokenId,
  issuer: subject.issuer,
  keyId: undefined,
  issuedAt: Date.now(),
  subject,
  agents: [],
});

let file: string;
let store: Store;
const others: { stop(): Promise<void> }[] = [];

beforeEach(async () => {
  file = join(mkdtempSync(join(tmpdir(), 'behalf-sqlite-')), 'behalf.db');
  store = openStore(`sqlite:${file}`, slow);
  await store.ready();
});
afterEach(async () => {
  await store.close();
  await Promise.all(others.splice(0).map((other) => other.stop()));
});

async function another(): Promise<StoreProcess> {
  const started = await startStoreProcess(`sqlite:${file}`);
  others.push(started);
  return started;
}

async function reopen(): Promise<void> {
  await store.close();
  store = openStore(`sqlite:${file}`, slow);
  await store.ready();
}

const unavailable = (work: Promise<unknown>, message: RegExp) =>
  expect(work).rejects.toMatchObject({
    name: 'StoreError',
    kind: 'unavailable',
    message: expect.stringMatching(message),
  });

describe('a file', () => {
  it('outlives the process: grants, spending, approvals, revocations and used keys [D01]', async () => {
    await store.createGrant(draft('g-1', { budget: { calls: 2 } }));
    const approval = { id: 'a-1', grant: 'g-1', hop: 'h', digest: '0'.repeat(64), approver: 'bob' };
    await store.approve({ ...approval, expiresAt: Date.now() + HOUR });
    await store.spend({ ...once('proof'), grant: { id: 'g-1', calls: 1, amount: 0 } });
    await store.revoke({ kind: 'token', id: 't-1' }, why);
    const before = [store.grant('g-1'), [...store.approvals()], [...store.revocations()]];

    await reopen();
    expect([store.grant('g-1'), [...store.approvals()], [...store.revocations()]]).toEqual(before);
    expect(store.spent('g-1')).toEqual({ calls: 1, amount: 0 });
    expect(store.revokedBy(presented('t-1'))).toBe('token');
    expect(await store.spend(once('proof'))).toMatchObject({ why: 'replayed' });
  });

  it('loads what is more than one reading, in full', async () => {
    await Promise.all(Array.from({ length: 1300 }, (_, n) => store.revoke({ kind: 'token', id: `t-${n}` }, why)));
    await reopen();
    expect([...store.revocations()]).toHaveLength(1300);
    expect(store.revokedBy(presented('t-1299'))).toBe('token');
  });

  it('is its owner’s alone to read, and holds no key that was used once', async () => {
    await store.spend(once('a-proof-that-was-used'));
    expect(statSync(file).mode & 0o777).toBe(0o600);
    await store.close();
    expect(readFileSync(file).includes('a-proof-that-was-used')).toBe(false);
  });

  it('forgets used keys some time after they are over, and no others', async () => {
    const at = Date.now();
    const until = at + 500;
    await Promise.all(Array.from({ length: 20 }, (_, n) => store.spend({ once: [{ key: `k-${n}`, until }] })));
    await store.spend(once('long'));
    await store.close();
    const later = openStore(`sqlite:${file}`, { ...slow, now: () => at + 120_000 });
    await later.ready();
    for (let n = 0; n < 12; n++) await later.spend(once(`later-${n}`));
    expect(await later.spend(once('long'))).toMatchObject({ why: 'replayed' });
    await later.close();
    const database = new DatabaseSync(file);
    expect(database.prepare('SELECT count(*) AS count FROM used').get()).toEqual({ count: 13 });
    database.close();
  });
});

describe('two processes on one file', () => {
  it('see each other’s revocations, of each kind [C06]', async () => {
    const other = await another();
    await store.createGrant(draft('g-1'));
    await other.revoke({ kind: 'grant', id: 'g-1' });
    await vi.waitFor(() => expect(store.isGrantRevoked('g-1')).toBe(true), patient);
    await other.revoke({ kind: 'subject', ...subject });
    await vi.waitFor(() => expect(store.revokedBy(presented('t'))).toBe('subject'), patient);
    await other.revoke({ kind: 'issuer', issuer: subject.issuer });
    await vi.waitFor(() => expect(store.revokedBy(presented('t'))).toBe('issuer'), patient);
  });

  it('judge a spending by what the other has just written, seen or not', async () => {
    const other = await another();
    await store.createGrant(draft('g-1'));
    await other.revoke({ kind: 'grant', id: 'g-1' });
    expect(await store.spend({ once: [], grant: { id: 'g-1', calls: 1, amount: 0 } })).toMatchObject({
      why: 'revoked',
    });
  });

  it('let exactly 1 of 1,000 copies through, and none after a restart [D01]', async () => {
    const [one, two] = await Promise.all([another(), another()]);
    const copies = Array.from({ length: 500 }, () => once('proof'));
    const results = (await Promise.all([one.spend(copies), two.spend(copies)])).flat();
    const passed = results.filter((result) => typeof result !== 'string' && result.ok);
    expect(passed).toHaveLength(1);
    await one.kill();
    const three = await another();
    expect(await three.spend(copies.slice(0, 3))).toEqual(Array(3).fill(expect.objectContaining({ why: 'replayed' })));
  });

  it('do not overspend €5,000 with 1,000 calls at once', async () => {
    await store.createGrant(
      draft('g-1', { budget: { amount: { limit: 500_000, currency: 'EUR', field: '/amount' } } }),
    );
    const [one, two] = await Promise.all([another(), another()]);
    const calls = Array.from({ length: 500 }, () => ({ once: [], grant: { id: 'g-1', calls: 1, amount: 1234 } }));
    const results = (await Promise.all([one.spend(calls), two.spend(calls)])).flat();
    const passed = results.filter((result) => typeof result !== 'string' && result.ok).length;
    expect(passed).toBe(Math.floor(500_000 / 1234));
    await reopen();
    expect(store.spent('g-1')).toEqual({ calls: passed, amount: passed * 1234 });
  });

  it('keep what was acknowledged before a crash', async () => {
    const other = await another();
    await other.revoke({ kind: 'token', id: 't-1' });
    await other.kill();
    await reopen();
    expect(store.revokedBy(presented('t-1'))).toBe('token');
  });
});

describe('a lock that another process holds', () => {
  let holder: DatabaseSync;
  beforeEach(async () => {
    await store.createGrant(draft('g-1'));
    await store.close();
    store = openStore(`sqlite:${file}`, { log });
    await store.ready();
    holder = new DatabaseSync(file);
    holder.exec('BEGIN IMMEDIATE');
  });
  afterEach(() => holder.close());

  it('denies spending, and reads go on, fresh [C02]', async () => {
    await unavailable(store.spend(once('k-1')), /busy for too long; nothing was written/);
    expect(store.grant('g-1')?.id).toBe('g-1');
    const staleness = store.staleness();
    await vi.waitFor(() => expect(store.staleness()).toBeLessThan(staleness + 50), patient);
  });

  it('lets no write happen that was given up [C03]', async () => {
    await unavailable(store.spend(once('k-1')), /busy/);
    holder.exec('ROLLBACK');
    await reopen();
    expect(await store.spend(once('k-1'))).toEqual({ ok: true });
  });

  it('delays a write of a person, which then succeeds', async () => {
    const revoking = store.revoke({ kind: 'token', id: 't-1' }, why);
    await unavailable(store.spend(once('k-1')), /busy/);
    holder.exec('ROLLBACK');
    await revoking;
    expect(store.revokedBy(presented('t-1'))).toBe('token');
  });

  it('fails a write of a person in the end, and writes nothing [C05]', async () => {
    await unavailable(store.revoke({ kind: 'token', id: 't-1' }, why), /nothing was written/);
    holder.exec('ROLLBACK');
    await reopen();
    expect(store.revokedBy(presented('t-1'))).toBeUndefined();
  });
});

describe('a file that is not a store', () => {
  const refusedAtStart = async (message: RegExp) => {
    await unavailable(store.ready(), message);
    await unavailable(store.spend(once('k-1')), message);
    expect(store.staleness()).toBe(Number.POSITIVE_INFINITY);
  };
  /** The store that every test begins with is not of use here. */
  const open = (path: string) => {
    store = openStore(`sqlite:${path}`, { log });
  };
  beforeEach(() => store.close());

  it('text [C16]', async () => {
    const text = `${file}.txt`;
    writeFileSync(text, 'This is no database. '.repeat(500));
    open(text);
    await refusedAtStart(/not a Behalf store/);
    expect(readFileSync(text, 'utf8')).toMatch(/^This is no database/);
  });

  it('another program’s database, which stays as it was [C16]', async () => {
    const foreign = new DatabaseSync(`${file}.foreign`);
    foreign.exec('CREATE TABLE theirs (a)');
    foreign.close();
    open(`${file}.foreign`);
    await refusedAtStart(/not a Behalf store/);
  });

  it('another version', async () => {
    const database = new DatabaseSync(file);
    database.exec('PRAGMA user_version = 99');
    database.close();
    open(file);
    await refusedAtStart(/schema 99; this one reads 1/);
  });

  it('damaged', async () => {
    const bytes = readFileSync(file);
    writeFileSync(file, Buffer.concat([bytes.subarray(0, 100), Buffer.alloc(bytes.length - 100, 0xa5)]));
    open(file);
    await refusedAtStart(/is damaged/);
  });

  it('damaged where only a spending would look', async () => {
    const database = new DatabaseSync(file);
    const page = Number(database.prepare(`SELECT rootpage FROM sqlite_schema WHERE name = 'used'`).get()?.['rootpage']);
    const size = Number(database.prepare('PRAGMA page_size').get()?.['page_size']);
    database.close();
    const bytes = readFileSync(file);
    bytes.fill(0xa5, (page - 1) * size, page * size);
    writeFileSync(file, bytes);
    open(file);
    await refusedAtStart(/is damaged/);
  });

  it('cut short', async () => {
    writeFileSync(file, readFileSync(file).subarray(0, 5000));
    open(file);
    await refusedAtStart(/is damaged/);
  });

  it('a folder, or in a folder that is not there', async () => {
    open(tmpdir());
    await refusedAtStart(/cannot be opened/);
    open(join(tmpdir(), 'not-there', 'behalf.db'));
    await refusedAtStart(/its folder does not exist/);
  });

  it('of a newer kind of fact, which may revoke something [C08]', async () => {
    const database = new DatabaseSync(file);
    database.exec(`INSERT INTO fact (kind, key, body) VALUES ('pardon', 'x', '{}')`);
    // Beyond what is read at once, so that the rest is still to come when it is given up.
    const more = database.prepare(`INSERT INTO fact (kind, key, body) VALUES ('spent', ?, '{}')`);
    for (let n = 0; n < 600; n++) more.run(`g-${n}`);
    database.close();
    open(file);
    await refusedAtStart(/cannot read/);
  });
});

describe('a file that changes underneath', () => {
  const growsStale = async (message: RegExp) => {
    await unavailable(store.spend(once('k-2')), message);
    await unavailable(store.revoke({ kind: 'token', id: 't-2' }, why), message);
    await vi.waitFor(() => expect(store.staleness()).toBeGreaterThan(700), patient);
    // What was known is still known.
    expect(store.revokedBy(presented('t-1'))).toBe('token');
  };
  beforeEach(async () => {
    await store.revoke({ kind: 'token', id: 't-1' }, why);
  });

  it('deleted [C14]', async () => {
    rmSync(file);
    await growsStale(/replaced or deleted/);
    expect(existsSync(file)).toBe(false);
  });

  it('replaced by another store, which is never served [C14, D10]', async () => {
    const other = openStore(`sqlite:${file}.other`, { log });
    await other.createGrant(draft('theirs'));
    await other.close();
    renameSync(`${file}.other`, file);
    await growsStale(/replaced or deleted/);
    expect(store.grant('theirs')).toBeUndefined();
  });

  it('without its write-ahead log [C14]', async () => {
    rmSync(`${file}-wal`);
    await growsStale(/write-ahead log/);
  });

  it('of another epoch [C14]', async () => {
    const database = new DatabaseSync(file);
    database.exec(`UPDATE meta SET epoch = 'other'`);
    await growsStale(/another store is in its place/);
    database.close();
  });

  it('back in time [C14, D10]', async () => {
    const database = new DatabaseSync(file);
    database.exec(`DELETE FROM fact; UPDATE sqlite_sequence SET seq = 0 WHERE name = 'fact'`);
    await growsStale(/went back in time/);
    database.close();
  });

  it('and is put back: it is served again', async () => {
    renameSync(file, `${file}.away`);
    await unavailable(store.spend(once('k-1')), /replaced or deleted/);
    renameSync(`${file}.away`, file);
    await vi.waitFor(async () => expect(await store.spend(once('k-1'))).toEqual({ ok: true }), patient);
  });
});

describe('a thread that dies', () => {
  let workers: Worker[];
  beforeEach(async () => {
    await store.close();
    workers = [];
    store = openSqliteStore(file, {
      log,
      now: Date.now,
      startWorker: (data) => {
        const worker = new Worker(new URL('./sqlite-worker.ts', import.meta.url), { workerData: data });
        workers.push(worker);
        return worker;
      },
    });
    await store.revoke({ kind: 'token', id: 't-1' }, why);
  });

  it('fails what waited, is started again, and has everything then', async () => {
    const writing = unavailable(store.spend(once('k-1')), /its thread ended/);
    await workers[0]?.terminate();
    await writing;
    await unavailable(store.spend(once('k-2')), /starting again/);
    expect(store.revokedBy(presented('t-1'))).toBe('token');
    const other = await another();
    await other.revoke({ kind: 'token', id: 't-2' });
    await vi.waitFor(() => expect(store.revokedBy(presented('t-2'))).toBe('token'), patient);
    expect(await store.spend(once('k-3'))).toEqual({ ok: true });
    expect(workers).toHaveLength(2);
  });

  it('does not take another file for its own afterwards [C14]', async () => {
    await workers[0]?.terminate();
    rmSync(file);
    await vi.waitFor(() => expect(workers.length).toBeGreaterThan(1), patient);
    await vi.waitFor(() => unavailable(store.spend(once('k-1')), /replaced or deleted/), patient);
    expect(existsSync(file)).toBe(false);
  });

  it('and hangs before that is not given more than it can answer one day [C03]', async () => {
    await store.close();
    const hang = () => new Worker('setInterval(() => {}, 1000)', { eval: true });
    let worker: Worker | undefined;
    store = openSqliteStore(file, { log, now: Date.now, startWorker: () => (worker = hang()) });
    const writes = Array.from({ length: 10_001 }, (_, n) =>
      store.spend(once(`k-${n}`)).catch((error: Error) => error.message),
    );
    expect(await writes.at(-1)).toMatch(/too many writes wait/);
    expect(
      (await Promise.all(writes)).filter((told) => typeof told === 'string' && told.includes('in time')),
    ).toHaveLength(10_000);
    expect(await store.spend(once('k')).catch(String)).toMatch(/too many writes wait/);
    const closed = store.close();
    await worker?.terminate();
    await closed;
  });

  it('ends a store that never was', async () => {
    await store.close();
    store = openSqliteStore(file, { log, now: Date.now, startWorker: () => new Worker('throw 1', { eval: true }) });
    await unavailable(store.ready(), /thread ended/);
  });
});
