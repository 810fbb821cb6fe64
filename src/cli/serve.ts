import { startAdmin } from '../admin/admin.ts';
import { type CheckParts, check, refuse, STEPS } from '../check.ts';
import { loadConfig } from '../config/load.ts';
import { type Reloader, startReloader } from '../config/reload.ts';
import type { Config } from '../config/schema.ts';
import { createLog, type LOG_LEVELS, type Logger } from '../log.ts';
import { createProvenance, type Provenance } from '../provenance/provenance.ts';
import { type CheckServer, startCheckServer } from '../server/listen.ts';
import type { Snapshot } from '../snapshot.ts';
import { listenFailure, StartError } from './failure.ts';
import { announceReady, createReadiness, type Readiness } from './readiness.ts';
import { removeStaleSocket } from './stale-socket.ts';
import { stopSignal } from './stop-signal.ts';
import type { CommonOptions, ExitCode, Terminal } from './terminal.ts';

export interface ServeOptions extends CommonOptions {
  readonly logLevel: (typeof LOG_LEVELS)[number];
}

/** What a running process is made of, from the first that starts to the last. */
interface Parts {
  readonly config: Config;
  readonly log: Logger;
  readonly provenance: Provenance;
  readonly reloader: Reloader;
  readonly readiness: Readiness;
}

/**
 * Runs the service until SIGTERM or SIGINT, then drains: not serving, finish, flush (threats Y01).
 * @param onHangUp takes what SIGHUP is to do, once there is something to reload
 * @returns 0 once drained
 * @throws ConfigError, BundleError, StartError where it cannot start
 */
export async function serve(
  options: ServeOptions,
  terminal: Terminal,
  onHangUp: (reload: () => void) => void,
): Promise<ExitCode> {
  const parts = await build(options, terminal);
  const { config, log, provenance, reloader, readiness } = parts;
  const stopped = stopSignal();
  onHangUp(() => void reloader.reload('SIGHUP'));
  process.on('uncaughtException', (error) => void crash(error, parts));
  const admin = await startAdmin({ address: config.listen.admin, ready: readiness.report, provenance, log }).catch(
    (error: unknown) => {
      throw listenFailure('listen.admin', config.listen.admin, error);
    },
  );
  const server = await listen(parts);
  const stopAnnouncing = announceReady(readiness, { check: server.address, admin: admin.address }, log);

  const signal = await stopped;
  stopAnnouncing();
  readiness.drain();
  log.info({ signal, inFlight: server.inFlight() }, 'draining');
  reloader.close();
  await server.drain();
  await provenance.shutdown();
  await admin.close();
  log.info('stopped');
  return 0;
}

async function build(options: ServeOptions, terminal: Terminal): Promise<Parts> {
  const log = createLog({ level: options.logLevel });
  const load = () => loadConfig({ path: options.config, env: terminal.env, set: options.set ?? [] });
  const loaded = load();
  const { config } = loaded;
  for (const warning of loaded.warnings) log.warn(`INSECURE CONFIG: ${warning}`);
  const provenance = openProvenance(config, log);
  const reloader = await startReloader(loaded, {
    configPath: options.config,
    load,
    log,
    onReload: (result, live) => {
      provenance.reloaded(result.ok ? 'success' : 'failure');
      announceRevisions(provenance, live);
    },
  });
  announceRevisions(provenance, reloader.snapshot());
  return { config, log, provenance, reloader, readiness: createReadiness(reloader) };
}

function openProvenance({ provenance }: Config, log: Logger): Provenance {
  try {
    return createProvenance({ ...provenance, pseudonymKey: provenance.pseudonymKey }, log);
  } catch (error) {
    throw new StartError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function announceRevisions(provenance: Provenance, { policy, matrix }: Snapshot): void {
  provenance.serving({ policy: policy.revision, matrix: matrix.revision });
}

async function listen({ config, log, provenance, reloader, readiness }: Parts): Promise<CheckServer> {
  const { snapshot } = reloader;
  const { subjectLabel } = provenance;
  const parts: CheckParts = { snapshot, subjectLabel, maxMessageBytes: config.limits.messageBytes, steps: STEPS };
  const address = config.listen.check;
  await removeStaleSocket(address);
  try {
    return await startCheckServer({
      address,
      decider: {
        check: (bytes, trail) => check(bytes, trail, parts),
        refuse: (refusal, trail) => refuse(refusal, trail, parts),
      },
      record: (trail) => provenance.record(trail),
      maxInFlight: config.limits.inFlight,
      isReady: () => readiness.report().ready,
      log,
    });
  } catch (error) {
    throw listenFailure('listen.check', address, error);
  }
}

/** After a fault that nobody caught, the state of the process is unknown: it writes what it holds, and goes. */
async function crash(error: unknown, { log, provenance }: Parts): Promise<void> {
  log.fatal({ err: error }, 'unexpected error, please report it');
  await provenance.shutdown();
  process.exit(1);
}
