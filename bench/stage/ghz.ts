import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { findTool } from '../../scripts/find-tool.js';
import { pinned } from './cores.ts';
import { endWithUs } from './server-process.ts';

/** One burst of load and what came of it. Latencies in milliseconds. */
export interface Burst {
  readonly count: number;
  /** Checks a second, from the first to the last. */
  readonly rate: number;
  readonly p50: number;
  readonly p99: number;
}

export interface Load {
  /** `127.0.0.1:PORT`. */
  readonly address: string;
  /** Length-delimited CheckRequests; the first `count` are sent, from the start again where there are fewer. */
  readonly messages: string;
  readonly count: number;
  /** Checks a second; as many as the server takes, where absent. */
  readonly pace?: number | undefined;
}

export interface Ghz {
  burst(load: Load): Promise<Burst>;
}

/** Envoy has one connection per worker thread; 32 calls in flight keep the server busy and wait little. */
const CONNECTIONS = 4;
const IN_FLIGHT = 32;

/**
 * Finds ghz.
 * @param options.core where it runs
 * @param options.folder where it may write
 * @throws Error that says how to get it
 */
export function createGhz({ core, folder }: { readonly core: number; readonly folder: string }): Ghz {
  const path = findTool('ghz');
  if (path === undefined)
    throw new Error('the load comes from ghz, which is not here: get it with `npm run tools ghz`');
  const report = `${folder}/ghz.json`;
  return {
    async burst(load) {
      requireLoopback(load.address);
      await run(pinned(core, [path, ...flags(load, report)]));
      const burst = read(report, load.count);
      rmSync(report);
      return burst;
    },
  };
}

/** No load ever leaves this machine. */
export function requireLoopback(address: string): void {
  if (!/^(?:127(?:\.\d{1,3}){3}|localhost|\[::1\]):\d{1,5}$/.test(address)) {
    throw new Error(`${address} is not HOST:PORT on the loopback interface, and load is sent nowhere else`);
  }
}

function flags({ address, messages, count, pace }: Load, report: string): string[] {
  return [
    `--proto=${fileURLToPath(new URL('check.proto', import.meta.url))}`,
    '--call=envoy.service.auth.v3.Authorization.Check',
    '--insecure',
    '--cpus=1',
    `--connections=${CONNECTIONS}`,
    `--concurrency=${IN_FLIGHT}`,
    `--total=${count}`,
    ...(pace === undefined ? [] : [`--rps=${pace}`]),
    '--timeout=10s',
    `--binary-file=${messages}`,
    '--format=json',
    `--output=${report}`,
    address,
  ];
}

function run([command, ...args]: [string, ...string[]]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    endWithUs(child);
    const said: Buffer[] = [];
    child.stderr.on('data', (chunk: Buffer) => said.push(chunk));
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`ghz failed: ${Buffer.concat(said).toString().trim()}`));
    });
  });
}

/** What of ghz's report we read. Durations in nanoseconds. */
interface Report {
  readonly count: number;
  readonly rps: number;
  readonly statusCodeDistribution: Readonly<Record<string, number>>;
  readonly latencyDistribution: readonly { readonly percentage: number; readonly latency: number }[];
}

/** A gRPC error is never an answer: one makes the burst void. */
function read(path: string, wanted: number): Burst {
  const { count, rps, statusCodeDistribution, latencyDistribution } = JSON.parse(readFileSync(path, 'utf8')) as Report;
  if (count !== wanted || statusCodeDistribution['OK'] !== wanted) {
    throw new Error(`of ${wanted} Checks, gRPC answered: ${JSON.stringify(statusCodeDistribution)}`);
  }
  const percentile = (wanted: number): number =>
    (latencyDistribution.find(({ percentage }) => percentage === wanted)?.latency ?? Number.NaN) / 1e6;
  return { count, rate: rps, p50: percentile(50), p99: percentile(99) };
}
