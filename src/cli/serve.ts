import { startAdmin } from '../admin/admin.ts';
import { type CheckParts, check, refuse, STEPS } from '../check.ts';
import { loadConfig } from '../config/load.ts';
import { type Reloader, startReloader } from '../config/reload.ts';
import type { Config } from '../config/schema.ts';
import { createLog, type LOG_LEVELS, type Logger } from '../log.ts';
import { createShadow } from '../policy/shadow.ts';
import { createProvenance, type Provenance } from '../provenance/provenance.ts';
import { type CheckServer, startCheckServer } from '../server/listen.ts';
import type { Snapshot } from '../snapshot.ts';
import { openStore } from '../store/open-store.ts';
import { type Store, StoreError } from '../store/store.ts';
import { listenFailure, StartError } from './failure.ts';
import { announceReady, createReadiness, type Readiness } from './readiness.ts';
import { shortCollections } from './short-collections.ts';
import { shoutRows } from './shout-rows.ts';
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
  readonly store: Store;
  readonly provenance: Provenance;
  readonly reloader: Reloader;
  /** What is renewed beside the snapshot when a reload went well. */
  readonly afterReload: (() => void)[];
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
  shortCollections();
  const parts = await build(options, terminal);
  const { config, log, store, provenance, reloader, readiness } = parts;
  const stopped = stopSignal();
  onHangUp(() => void reloader.reload('SIGHUP'));
  process.on('uncaughtException', (error) => void crash(error, parts));
  const admin = await startAdmin({ address: config.listen.admin, ready: readiness.report, provenance, log }).catch(
    (error: unknown) => {
      throw listenFailure('listen.admin', config.listen.admin, error);
    },
  );
  const server = await listen(parts);
  parts.afterReload.push(() => renewTls(server, log));
  const stopAnnouncing = announceReady(readiness, { check: server.address, admin: admin.address }, log);

  const signal = await stopped;
  stopAnnouncing();
  readiness.drain();
  log.info({ signal, inFlight: server.inFlight() }, 'draining');
  reloader.close();
  await server.drain();
  await provenance.shutdown();
  await store.close();
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
  const store = await readyStore(config.store, log);
  const provenance = openProvenance(config, store, log);
  const afterReload: (() => void)[] = [];
  const bundleAge = (): number | undefined => reloader.bundle().ageSeconds;
  const reloader: Reloader = await startReloader(loaded, {
    configPath: options.config,
    load,
    log,
    onReload: (result, live) => {
      provenance.reloaded(result.ok ? 'success' : 'failure');
      announceRevisions(provenance, live, bundleAge);
      if (result.ok) shoutRows(live.matrix, { now: Date.now(), isDurable: store.isDurable, log });
      if (result.ok) for (const renew of afterReload) renew();
    },
  });
  announceRevisions(provenance, reloader.snapshot(), bundleAge);
  shoutRows(reloader.snapshot().matrix, { now: Date.now(), isDurable: store.isDurable, log });
  return { config, log, store, provenance, reloader, afterReload, readiness: createReadiness(reloader) };
}

/** A store that cannot be read is no reason to start: every row that needs it would deny. */
async function readyStore(name: string, log: Logger): Promise<Store> {
  try {
    const store = openStore(name, { log });
    await store.ready();
    return store;
  } catch (error) {
    if (error instanceof StoreError) throw new StartError(`store: ${error.message}`, { cause: error });
    throw error;
  }
}

function openProvenance({ provenance }: Config, store: Store, log: Logger): Provenance {
  try {
    const staleness = () => store.staleness();
    return createProvenance({ ...provenance, pseudonymKey: provenance.pseudonymKey }, log, {
      staleness,
      shadow: createShadow(log),
    });
  } catch (error) {
    throw new StartError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function announceRevisions(
  provenance: Provenance,
  { policy, matrix, shadow, epoch }: Snapshot,
  bundleAge: () => number | undefined,
): void {
  provenance.serving({ policy: policy.revision, matrix: matrix.revision, shadow, epoch, bundleAge });
}

async function listen({ config, log, store, provenance, reloader, readiness }: Parts): Promise<CheckServer> {
  const { snapshot } = reloader;
  const { subjectLabel } = provenance;
  const parts: CheckParts = {
    snapshot,
    store,
    subjectLabel,
    maxMessageBytes: config.limits.messageBytes,
    steps: STEPS,
  };
  const address = config.listen.check;
  await removeStaleSocket(address);
  try {
    return await startCheckServer({
      address,
      tls: config.listen.tls,
      decider: {
        check: (bytes, trail) => check(bytes, trail, parts),
        refuse,
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

/** A reload has just tried the files, so a failure is a file that changed since: the next reload takes it. */
function renewTls(server: CheckServer, log: Logger): void {
  try {
    server.renewTls();
  } catch (err) {
    log.error({ err }, 'the TLS files of listen.check cannot be used: the old ones stay in use');
  }
}

/** After a fault that nobody caught, the state of the process is unknown: it writes what it holds, and goes. */
async function crash(error: unknown, { log, provenance }: Parts): Promise<void> {
  log.fatal({ err: error }, 'unexpected error, please report it');
  await provenance.shutdown();
  process.exit(1);
}
