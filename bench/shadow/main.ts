/** `npm run bench:shadow`: what a shadow policy, and an upload of records, cost those who ask. bench/README.md says how to read it. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { freePort } from '../../demo/free-port.ts';
import { isAllowed } from '../stage/ask.ts';
import { backMemory } from '../stage/back-memory.ts';
import { type Behalf, startBehalf } from '../stage/behalf.ts';
import { chooseCores } from '../stage/cores.ts';
import { createGhz, type Ghz } from '../stage/ghz.ts';
import { stageTokenGrants } from '../stage/grants.ts';
import { createIssuer } from '../stage/issuer.ts';
import { createMessages, type Messages } from '../stage/messages.ts';
import { createProgress } from '../stage/progress.ts';
import { type ServerProcess, startServer } from '../stage/server-process.ts';
import { cpuMicroseconds } from '../stage/usage.ts';
import { makeWorkFolder } from '../stage/work-folder.ts';

const NAMES = ['without', 'shadow', 'upload'] as const;
type Name = (typeof NAMES)[number];

interface Turn {
  readonly rate: number;
  /** Processor time of the server for each Check, in microseconds: all threads, the shadow's included. */
  readonly cpu: number;
  /** Milliseconds, at the pace. */
  readonly p50: number;
  readonly p99: number;
}

interface Size {
  readonly rounds: number;
  readonly checks: number;
  readonly paced: number;
}

const TOKENS = 1000;
/** Checks a second: well below what a server takes, so that latencies are of a calm one. */
const PACE = 500;
/** What callers must be left with (the Shadow line of the plan). */
const LEAST_RATIO = 0.95;
const SETTLE_MS = 1500;

const progress = createProgress();
const root = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

async function run({ rounds, checks, paced }: Size): Promise<boolean> {
  const cores = chooseCores();
  const folder = makeWorkFolder();
  const running: ServerProcess[] = [];
  try {
    const ghz = createGhz({ core: cores.load, folder });
    const issuer = createIssuer(folder);
    const messages = createMessages(issuer);
    const port = await freePort();
    const program = root('bench/throughput/otlp-sink.ts');
    running.push(
      startServer([process.execPath, program, String(port)], { core: cores.load, logFile: join(folder, 'sink.log') }),
    );
    const servers = {} as Record<Name, Behalf>;
    for (const name of NAMES) {
      const own = join(folder, name);
      mkdirSync(own);
      servers[name] = await startBehalf({
        folder: own,
        core: cores.server,
        jwksFile: issuer.jwksFile,
        grants: stageTokenGrants(),
        traces: `file:${join(own, 'spans.ndjson')}`,
        nodeFlags: ['--v8-pool-size=1'],
        ...(name === 'shadow' && { policy: { shadow: { bundle: root('policies/bundle.tar.gz'), sample: 1 } } }),
        ...(name === 'upload' && { provenance: { upload: { url: `http://127.0.0.1:${port}/logs` } } }),
      });
      running.push(servers[name]);
      if (!(await isAllowed(servers[name].address, messages.one()))) throw new Error(`${name} denies a good request`);
    }
    const turns = await alternate({ servers, ghz, messages, folder }, { rounds, checks, paced });
    await sleep(SETTLE_MS);
    return await report(turns, servers, rounds);
  } finally {
    for (const each of running) await each.stop();
    progress.done();
  }
}

interface Arena {
  readonly servers: Readonly<Record<Name, Behalf>>;
  readonly ghz: Ghz;
  readonly messages: Messages;
  readonly folder: string;
}

async function alternate({ servers, ghz, messages, folder }: Arena, size: Size): Promise<Record<Name, Turn[]>> {
  const turns: Record<Name, Turn[]> = { without: [], shadow: [], upload: [] };
  const file = join(folder, 'messages.bin');
  // The first round only warms up.
  for (let round = 0; round <= size.rounds; round++) {
    messages.write(file, TOKENS, () => undefined);
    // Each time another one begins: what a noisy minute takes, it takes from all.
    for (const name of NAMES.map((_, index) => NAMES[(index + round) % NAMES.length] ?? 'without')) {
      progress.step(`round ${round} of ${size.rounds}: ${name}`);
      const { address, pid } = servers[name];
      await ghz.burst({ address, messages: file, count: TOKENS });
      backMemory(folder);
      const before = cpuMicroseconds(pid);
      const full = await ghz.burst({ address, messages: file, count: size.checks });
      await sleep(SETTLE_MS);
      const cpu = (cpuMicroseconds(pid) - before) / size.checks;
      const calm = await ghz.burst({ address, messages: file, count: size.paced, pace: PACE });
      if (round > 0) turns[name].push({ rate: full.rate, cpu, p50: calm.p50, p99: calm.p99 });
    }
  }
  return turns;
}

async function report(
  turns: Record<Name, readonly Turn[]>,
  servers: Readonly<Record<Name, Behalf>>,
  rounds: number,
): Promise<boolean> {
  const lines = [
    `          rate/s   ratio  CPU us  p50 ms  p99 ms    (at full speed; latencies at ${PACE}/s; medians of ${rounds})`,
  ];
  let isGood = true;
  for (const name of NAMES) {
    const own = turns[name];
    const ratio = median(own.map(({ rate }, index) => rate / (turns.without[index]?.rate ?? Number.NaN)));
    const [rate, cpu, p50, p99] = (['rate', 'cpu', 'p50', 'p99'] as const).map((key) =>
      median(own.map((turn) => turn[key])),
    );
    lines.push(
      `${name.padEnd(8)} ${fixed(rate, 0, 7)} ${fixed(ratio, 3, 7)} ${fixed(cpu, 1, 7)} ${fixed(p50, 2, 7)} ${fixed(p99, 2, 7)}`,
    );
    isGood &&= ratio >= LEAST_RATIO;
    const { denied, dropped } = await servers[name].counts();
    if (denied > 0 || dropped > 0)
      throw new Error(`void: ${name} denied ${denied} and lost ${dropped} records or spans`);
  }
  const { shadowed, shadowsDropped } = await servers.shadow.counts();
  const { uploadsDropped } = await servers.upload.counts();
  lines.push(`shadow: asked about ${shadowed}, too busy for ${shadowsDropped}; upload: dropped ${uploadsDropped}`);
  console.log(lines.join('\n'));
  return isGood;
}

function fixed(value: number | undefined, digits: number, width: number): string {
  return (value ?? Number.NaN).toFixed(digits).padStart(width);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false } } });
try {
  const size = values.quick ? { rounds: 5, checks: 5000, paced: 300 } : { rounds: 7, checks: 15_000, paced: 2500 };
  if (!(await run(size))) {
    console.error(`bench: callers keep less than ${LEAST_RATIO} of the throughput`);
    process.exitCode = 1;
  }
} catch (error) {
  progress.done();
  console.error(`bench: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
