import { type ChildProcess, spawn } from 'node:child_process';
import { openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseDocument } from 'yaml';
import { hasEnded, stopChild } from '../test/fakes/stop-child.ts';
import { freePort } from './free-port.ts';

export interface Behalf {
  /** The port that Envoy asks. */
  readonly checkPort: number;
  /** `http://127.0.0.1:PORT` of /healthz, /readyz and /metrics. */
  readonly admin: string;
  readonly recordsFile: string;
  readonly spansFile: string;
  /** Behalf's own log. */
  readonly logFile: string;
  stop(): Promise<void>;
}

const START_WITHIN_MS = 20_000;
const STOP_WITHIN_MS = 8_000;
const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/**
 * Starts `behalf serve` on demo/behalf.yaml, moved into `folder`, and waits until it is ready.
 * @throws with what it said, when it did not start
 */
export async function startBehalf(folder: string, jwksUri: string): Promise<Behalf> {
  const [checkPort, adminPort] = [await freePort(), await freePort()];
  const files = {
    config: join(folder, 'behalf.yaml'),
    records: join(folder, 'records.ndjson'),
    spans: join(folder, 'spans.ndjson'),
    log: join(folder, 'behalf.log'),
  };
  const config = parseDocument(readFileSync(here('./behalf.yaml'), 'utf8'));
  config.setIn(['listen', 'check'], `127.0.0.1:${checkPort}`);
  config.setIn(['listen', 'admin'], `127.0.0.1:${adminPort}`);
  config.setIn(['matrix'], here('./matrix.yaml'));
  config.setIn(['issuers', 0, 'jwks', 'uri'], jwksUri);
  config.setIn(['policy', 'bundle'], here('../policies/bundle.tar.gz'));
  config.setIn(['provenance', 'records'], `file:${files.records}`);
  config.setIn(['provenance', 'traces'], `file:${files.spans}`);
  writeFileSync(files.config, config.toString());
  const log = openSync(files.log, 'a');
  const child = spawn(process.execPath, [here('../bin/behalf.js'), 'serve', '--config', files.config], {
    stdio: ['ignore', log, log],
  });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('exit', () => process.off('exit', kill));
  const admin = `http://127.0.0.1:${adminPort}`;
  await ready(child, admin, files.log);
  return {
    checkPort,
    admin,
    recordsFile: files.records,
    spansFile: files.spans,
    logFile: files.log,
    stop: () => stopChild(child, STOP_WITHIN_MS),
  };
}

async function ready(child: ChildProcess, admin: string, log: string): Promise<void> {
  for (const end = performance.now() + START_WITHIN_MS; performance.now() < end; await sleep(30)) {
    if (hasEnded(child)) {
      break;
    }
    const answer = await fetch(`${admin}/readyz`).catch(() => undefined);
    if (answer?.ok) {
      return;
    }
  }
  child.kill('SIGKILL');
  throw new Error(
    `Behalf did not start. It said:\n${readFileSync(log, 'utf8').trimEnd().split('\n').slice(0, 12).join('\n')}`,
  );
}
