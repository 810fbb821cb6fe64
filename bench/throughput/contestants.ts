import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../demo/free-port.ts';
import { isAllowed } from '../stage/ask.ts';
import { type Counts, startBehalf } from '../stage/behalf.ts';
import type { Cores } from '../stage/cores.ts';
import { stageStoredGrants, stageTokenGrants } from '../stage/grants.ts';
import type { BenchIssuer } from '../stage/issuer.ts';
import type { Messages } from '../stage/messages.ts';
import { startServer } from '../stage/server-process.ts';
import type { Options } from './options.ts';

/** A server that takes part. */
export interface Contestant {
  readonly name: 'no-op' | 'behalf' | 'peer';
  readonly address: string;
  /** Absent where we may not look at the process. */
  readonly pid: number | undefined;
  /** What it decided, where it tells. */
  readonly counts?: () => Promise<Counts>;
  stop(): Promise<void>;
}

export interface Stage {
  readonly folder: string;
  readonly cores: Cores;
  readonly issuer: BenchIssuer;
  readonly messages: Messages;
  readonly options: Options;
}

/** As our image sets it: each server has one core, which V8's other helper threads would only fight for. */
const NODE_FLAGS = ['--v8-pool-size=1'];

/**
 * Starts the servers, and puts one good and one bad request to each: the floor allows both, the others only the first.
 * @throws after it stopped what had started
 */
export async function startContestants(stage: Stage): Promise<readonly Contestant[]> {
  const started: Contestant[] = [];
  try {
    started.push(await startNoop(stage));
    started.push(await startOurs(stage));
    const { peer } = stage.options;
    if (peer !== undefined) {
      started.push({ name: 'peer', address: peer.address, pid: peer.pid, stop: () => Promise.resolve() });
    }
    for (const contestant of started) await requireDecisions(contestant, stage.messages);
    return started;
  } catch (error) {
    for (const contestant of started) await contestant.stop();
    throw error;
  }
}

async function startNoop({ folder, cores }: Stage): Promise<Contestant> {
  const address = `127.0.0.1:${await freePort()}`;
  const program = fileURLToPath(new URL('noop-server.ts', import.meta.url));
  const logFile = join(folder, 'noop.log');
  const server = startServer([process.execPath, ...NODE_FLAGS, program, address], { core: cores.server, logFile });
  return { name: 'no-op', address, ...server };
}

async function startOurs({ folder, cores, issuer, options }: Stage): Promise<Contestant> {
  const own = join(folder, 'behalf');
  mkdirSync(own, { recursive: true });
  const grants = options.grants === 'stored' ? await stageStoredGrants(own) : stageTokenGrants();
  const common = { grants, folder: own, core: cores.server, jwksFile: issuer.jwksFile, nodeFlags: NODE_FLAGS };
  if (options.traces === 'file') {
    return { name: 'behalf', ...(await startBehalf({ ...common, traces: `file:${join(own, 'spans.ndjson')}` })) };
  }
  const port = await freePort();
  const program = fileURLToPath(new URL('otlp-sink.ts', import.meta.url));
  const logFile = join(folder, 'sink.log');
  const sink = startServer([process.execPath, program, String(port)], { core: cores.load, logFile });
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` };
  const behalf = await startBehalf({ ...common, traces: 'otlp', env });
  const stop = async (): Promise<void> => {
    await behalf.stop();
    await sink.stop();
  };
  return { name: 'behalf', ...behalf, stop };
}

async function requireDecisions({ name, address }: Contestant, messages: Messages): Promise<void> {
  const allowsGood = await isAllowed(address, messages.one());
  const allowsBad = await isAllowed(address, messages.one('not-a-token'));
  if (!allowsGood) throw new Error(`${name} denies a request that it should allow`);
  if (allowsBad !== (name === 'no-op')) throw new Error(`${name} allows a request without a token`);
}
