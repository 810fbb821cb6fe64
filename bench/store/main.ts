/**
 * `npm run bench:store`: what a look at the store costs a Check (100,000 grants, 1,000,000 revocations, all in memory),
 * and how many spendings a second are made durable, how late. `--json` prints the figures; `--folder DIR` puts the file
 * on the disk that counts.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createLog } from '../../src/log.ts';
import { FactsIndex } from '../../src/store/facts-index.ts';
import { openStore } from '../../src/store/open-store.ts';
import type { StoredGrant } from '../../src/store/store.ts';
import { createProgress } from '../stage/progress.ts';
import { makeWorkFolder } from '../stage/work-folder.ts';

const GRANTS = 100_000;
const REVOCATIONS = 1_000_000;
const LOOKUPS = 200_000;
const WRITERS = 8;
const WRITES = 20_000;
const GOALS = { lookupUs: 5, writesPerSecond: 2000, p99Ms: 5 };
const HOUR = 3_600_000;
const ISSUER = 'https://idp.acme.example';

const progress = createProgress();

interface Lookups {
  readonly grantUs: number;
  readonly revocationUs: number;
  readonly grantsMiB: number;
  readonly revocationsMiB: number;
}

interface Writes {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly denied: number;
}

function measureLookups(): Lookups {
  const now = Date.now();
  const index = new FactsIndex();
  const empty = heapMiB();
  progress.step(`Filling: ${GRANTS} live grants`);
  for (let n = 0; n < GRANTS; n++) index.apply({ kind: 'grant', value: JSON.parse(grantText(n, now)) as StoredGrant });
  const withGrants = heapMiB();
  progress.step(`Filling: ${REVOCATIONS} revocations`);
  for (let n = 0; n < REVOCATIONS; n++) {
    // As they come from the store: each a text of its own.
    const text = JSON.stringify({
      target: { kind: 'token', id: `token-${n}-0123456789abcdef` },
      at: now,
      by: 'o',
      reason: 'r',
    });
    index.apply({ kind: 'revocation', value: JSON.parse(text) as never });
  }
  index.apply({ kind: 'revocation', value: { target: { kind: 'before', time: 1 }, at: now, by: 'o', reason: 'r' } });
  const full = heapMiB();
  progress.step(`Asking ${LOOKUPS} times`);
  const grantUs = perLookup((n) => {
    const subject = { issuer: ISSUER, id: `subject-${n % GRANTS}` };
    const [held] = index.grantsOf(subject, 'procurement');
    return held !== undefined && !index.isGrantRevoked(held.id) && index.spent(held.id).calls === 0;
  });
  const revocationUs = perLookup((n) => {
    const subject = { issuer: ISSUER, id: `subject-${n % GRANTS}` };
    const presented = {
      tokenId: `token-${n}-x`,
      issuer: ISSUER,
      keyId: 'k-1',
      issuedAt: now,
      subject,
      agents: ['procurement'],
    };
    return index.revokedBy(presented) === undefined;
  });
  return { grantUs, revocationUs, grantsMiB: withGrants - empty, revocationsMiB: full - withGrants };
}

function grantText(n: number, now: number): string {
  const grant: Omit<StoredGrant, 'parent' | 'budget'> = {
    id: `grant-${n}`,
    subject: { issuer: ISSUER, id: `subject-${n}` },
    actor: 'procurement',
    task: `pay the invoices of department ${n}`,
    actions: ['invoices.read', 'invoices.pay'],
    target: 'https://erp.acme.example',
    context: { region: 'eu' },
    createdAt: now,
    expiresAt: now + HOUR,
    version: 1,
  };
  return JSON.stringify(grant);
}

/** @param isRight what every look-up must find, so that none is skipped */
function perLookup(isRight: (n: number) => boolean): number {
  const run = () => {
    // Processor time: what someone else takes of the machine is not the look-up's.
    const before = process.threadCpuUsage();
    for (let n = 0; n < LOOKUPS; n++) if (!isRight((n * 7919) % REVOCATIONS)) throw new Error('void: a wrong answer');
    const { user, system } = process.threadCpuUsage(before);
    return (user + system) / LOOKUPS;
  };
  run();
  return run();
}

function heapMiB(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / 2 ** 20;
}

async function measureWrites(folder: string): Promise<Writes> {
  const store = openStore(`sqlite:${join(folder, 'bench.db')}`, { log: createLog() });
  await store.ready();
  const took: number[] = [];
  let denied = 0;
  const writer = async (name: string, count: number) => {
    for (let n = 0; n < count; n++) {
      const started = performance.now();
      const result = await store
        .spend({ once: [{ key: `${name}-${n}`, until: Date.now() + HOUR }] })
        .catch(() => undefined);
      took.push(performance.now() - started);
      if (result?.ok !== true) denied++;
    }
  };
  try {
    await writer('warm', 1000);
    took.length = 0;
    progress.step(`${WRITES} spendings, ${WRITERS} at a time, each durable before the next`);
    const started = performance.now();
    await Promise.all(Array.from({ length: WRITERS }, (_, n) => writer(`w${n}`, WRITES / WRITERS)));
    const perSecond = (WRITES / (performance.now() - started)) * 1000;
    const sorted = took.toSorted((a, b) => a - b);
    const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
    return { perSecond, p50Ms: at(0.5), p99Ms: at(0.99), denied };
  } finally {
    await store.close();
  }
}

async function main(): Promise<void> {
  const options = { json: { type: 'boolean', default: false }, folder: { type: 'string' } } as const;
  const { values } = parseArgs({ options });
  const folder = values.folder === undefined ? makeWorkFolder() : folderIn(values.folder);
  const writes = await measureWrites(folder);
  const lookups = measureLookups();
  progress.done();
  const isMet = {
    lookups: Math.max(lookups.grantUs, lookups.revocationUs) < GOALS.lookupUs,
    writes: writes.perSecond >= GOALS.writesPerSecond && writes.p99Ms <= GOALS.p99Ms && writes.denied === 0,
  };
  if (values.json) console.log(JSON.stringify({ lookups, writes, isMet }, undefined, 2));
  else console.log(report(lookups, writes, isMet));
  process.exitCode = isMet.lookups && isMet.writes ? 0 : 1;
}

/** Gone with the process, as the other is. */
function folderIn(parent: string): string {
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, 'behalf-bench-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function report(
  lookups: Lookups,
  writes: Writes,
  isMet: { readonly lookups: boolean; readonly writes: boolean },
): string {
  return [
    `grant of a subject, live, spent   ${lookups.grantUs.toFixed(2)} µs   ${GRANTS} grants take ${lookups.grantsMiB.toFixed(0)} MiB`,
    `revoked or not, all kinds         ${lookups.revocationUs.toFixed(2)} µs   ${REVOCATIONS} revocations take ${lookups.revocationsMiB.toFixed(0)} MiB`,
    `spendings, durable                ${writes.perSecond.toFixed(0)}/s   p50 ${writes.p50Ms.toFixed(2)} ms   p99 ${writes.p99Ms.toFixed(2)} ms   denied ${writes.denied}`,
    '',
    `${word(isMet.lookups)}: a look takes less than ${GOALS.lookupUs} µs`,
    `${word(isMet.writes)}: at least ${GOALS.writesPerSecond} spendings a second, p99 at most ${GOALS.p99Ms} ms, none denied`,
  ].join('\n');
}

function word(isMet: boolean): string {
  return isMet ? 'met' : 'NOT met';
}

try {
  await main();
} catch (error) {
  progress.done();
  console.error(`bench:store: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
