/** A real Envoy, not a fake of one: one process per call, on ports that the kernel picks, gone when the test is. */

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findTool } from '../../scripts/find-tool.js';
import { stopChild } from './stop-child.ts';

/** An Envoy bootstrap. Listeners may ask for port 0; `admin` is set by `startEnvoy`. */
export interface Bootstrap {
  readonly static_resources: object;
  readonly [key: string]: unknown;
}

export interface Envoy {
  /** `http://127.0.0.1:PORT` of the admin interface. */
  readonly admin: string;
  /** Envoy's own log. */
  readonly logFile: string;
  /** What Envoy writes to stdout: the access logs. */
  readonly accessLogFile: string;
  /** The port that a listener got. */
  port(listener: string): number;
  /** All counters and gauges whose name matches. */
  stats(filter: RegExp): Promise<Map<string, number>>;
  stop(): Promise<void>;
}

const START_WITHIN_MS = 15_000;
const STOP_WITHIN_MS = 5_000;

/**
 * Starts Envoy and waits until it serves.
 * @param folder where its config and logs go; by default a temporary one that is gone once it stops
 * @throws when there is no Envoy, or with the end of its log when it did not start
 */
export async function startEnvoy(bootstrap: Bootstrap, folder?: string): Promise<Envoy> {
  const binary = findTool('envoy');
  if (binary === undefined) {
    throw new Error('Envoy 1.40 is not installed; run: npm run tools');
  }
  const place = folder ?? mkdtempSync(join(tmpdir(), 'envoy-'));
  const files = filesIn(place);
  const admin = { address: { socket_address: { address: '127.0.0.1', port_value: 0 } } };
  writeFileSync(files.config, JSON.stringify({ ...bootstrap, admin }, null, 2));
  const access = openSync(files.access, 'a');
  const child = spawn(binary, args(files), { stdio: ['ignore', access, access] });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('exit', () => process.off('exit', kill));
  const address = await ready(child, files);
  const ports = await listenerPorts(address);
  return {
    admin: address,
    logFile: files.log,
    accessLogFile: files.access,
    port: (listener) => {
      const port = ports.get(listener);
      if (port === undefined) {
        throw new Error(`Envoy has no listener named ${listener}`);
      }
      return port;
    },
    stats: (filter) => stats(address, filter),
    stop: async () => {
      await stopChild(child, STOP_WITHIN_MS);
      if (folder === undefined) {
        rmSync(place, { recursive: true, force: true });
      }
    },
  };
}

function filesIn(folder: string): Record<'config' | 'admin' | 'log' | 'access', string> {
  return {
    config: join(folder, 'envoy.json'),
    admin: join(folder, 'envoy-admin.txt'),
    log: join(folder, 'envoy.log'),
    access: join(folder, 'envoy-access.log'),
  };
}

function args(files: { config: string; admin: string; log: string }): string[] {
  const options = {
    '-c': files.config,
    '--admin-address-path': files.admin,
    '--log-path': files.log,
    '--log-level': 'warning',
    '--concurrency': '1',
    '--file-flush-interval-msec': '50', // ten seconds by default: too long for a test that reads the access log
    '--drain-time-s': '1',
  };
  // Without hot restart there is no shared memory, so any number of Envoys fit on one machine.
  return ['--disable-hot-restart', ...Object.entries(options).flat()];
}

async function ready(child: ChildProcess, files: { admin: string; log: string }): Promise<string> {
  let failed: Error | undefined;
  child.once('error', (error) => {
    failed = error;
  });
  for (const end = performance.now() + START_WITHIN_MS; performance.now() < end; await sleep(20)) {
    if (failed !== undefined || child.exitCode !== null || child.signalCode !== null) {
      break;
    }
    const address = existsSync(files.admin) ? readFileSync(files.admin, 'utf8').trim() : '';
    if (address !== '' && (await serves(`http://${address}/ready`))) {
      return `http://${address}`;
    }
  }
  child.kill('SIGKILL');
  const log = existsSync(files.log) ? readFileSync(files.log, 'utf8').trimEnd().split('\n').slice(-8).join('\n') : '';
  throw new Error(`Envoy did not start${failed === undefined ? '' : `: ${failed.message}`}\n${log}`);
}

async function serves(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}

async function listenerPorts(admin: string): Promise<Map<string, number>> {
  const answer = await fetch(`${admin}/listeners?format=json`);
  const { listener_statuses: listeners = [] } = (await answer.json()) as {
    listener_statuses?: { name: string; local_address: { socket_address: { port_value: number } } }[];
  };
  return new Map(listeners.map(({ name, local_address }) => [name, local_address.socket_address.port_value]));
}

async function stats(admin: string, filter: RegExp): Promise<Map<string, number>> {
  const answer = await fetch(`${admin}/stats?format=json&filter=${encodeURIComponent(filter.source)}`);
  const { stats: rows } = (await answer.json()) as { stats: { name?: string; value?: number }[] };
  return new Map(rows.flatMap(({ name, value }) => (name === undefined || value === undefined ? [] : [[name, value]])));
}
