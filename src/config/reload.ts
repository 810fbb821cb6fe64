import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Logger } from '../log.ts';
import { type BundleStatus, createBundleKeeper } from '../policy/bundle-keeper.ts';
import type { Snapshot } from '../snapshot.ts';
import type { LoadedConfig } from './load.ts';
import type { Config } from './schema.ts';
import { buildSnapshot, snapshotFiles } from './snapshot.ts';
import { dotted } from './strict-yaml.ts';
import { fingerprint, watchFiles } from './watch.ts';

/** How one reload ended. `epoch` is that of the snapshot in use afterwards. */
export type ReloadResult =
  | { readonly ok: true; readonly epoch: number; readonly trigger: string; readonly needRestart: readonly string[] }
  | { readonly ok: false; readonly epoch: number; readonly trigger: string; readonly error: string };

export interface ReloaderOptions {
  readonly configPath: string;
  /** Reads the config anew. @throws ConfigError */
  readonly load: () => LoadedConfig;
  readonly log: Logger;
  /** Told of each reload, and of the snapshot that is live after it. */
  readonly onReload?: (result: ReloadResult, live: Snapshot) => void;
  readonly quietMs?: number;
  readonly pollMs?: number;
}

export interface Reloader {
  /** The one snapshot that is live. */
  readonly snapshot: () => Snapshot;
  /** The result of the latest reload; undefined before the first. */
  readonly last: () => ReloadResult | undefined;
  /** How the policy's bundle is doing. */
  readonly bundle: () => BundleStatus;
  /** @param trigger what asked for it: `SIGHUP`, `file change` */
  reload(trigger: string): Promise<ReloadResult>;
  close(): void;
}

// A change of these is noticed and reported, and waits for a restart: their parts are built once.
const FIXED = ['listen', 'provenance', 'limits', 'store'] as const;
type During = (work: () => Promise<ReloadResult>) => Promise<ReloadResult>;

const MAX_ATTEMPTS = 5;
const KEYS_WITHIN_MS = 1000;
const KEPT_KEYS_WITHIN_MS = 2000;
const LOOK_EVERY_MS = 5;

/**
 * Builds the first snapshot, then a new one whenever a file it came from changes, or when asked. A new one replaces the
 * old in one assignment; one that cannot be built changes nothing (threats P13, Y05).
 * @throws ConfigError, BundleError where the first one cannot be built
 */
export async function startReloader({ config: first }: LoadedConfig, options: ReloaderOptions): Promise<Reloader> {
  const { configPath, log, onReload } = options;
  const files = [configPath, ...snapshotFiles(first)];
  const state = fingerprint(files);
  // A bundle server may answer before the rest is there.
  const started = Promise.withResolvers<void>();
  let last: ReloadResult | undefined;
  let running: Promise<unknown> = started.promise;
  let isClosed = false;
  const bundles = createBundleKeeper({ log, onOffer: async (during) => (await reload('new bundle', during)).ok });
  let live = await buildSnapshot(first, { epoch: 1, log, bundles });
  await bundles.took(live.policy);
  live.issuers.start();

  async function attempt(trigger: string): Promise<ReloadResult> {
    try {
      const build = { epoch: live.epoch + 1, log, bundles, previous: live };
      const { config, snapshot } = await buildSteady(options, (files, state) => watch.follow(files, state), build);
      snapshot.issuers.start();
      const lost = await keysHad(live, snapshot);
      if (lost !== undefined) {
        // Keys that both use go on being refreshed, now for the old alone.
        snapshot.issuers.close();
        if (!isClosed) live.issuers.start();
        throw new Error(lost);
      }
      // Keys that both use go on being refreshed: the old lets go before the new takes hold again.
      live.issuers.close();
      live = snapshot;
      if (isClosed) live.issuers.close();
      else live.issuers.start();
      await bundles.took(live.policy);
      return { ok: true, epoch: live.epoch, trigger, needRestart: changedKeys(first, config) };
    } catch (error) {
      return { ok: false, epoch: live.epoch, trigger, error: error instanceof Error ? error.message : String(error) };
    }
  }

  function reload(trigger: string, during: During = (work) => work()): Promise<ReloadResult> {
    const result = running.then(async () => {
      last = await during(() => attempt(trigger));
      report(last, live, log);
      onReload?.(last, live);
      return last;
    });
    // One after the other: two at once could swap in the older one last.
    running = result.catch(() => undefined); // whoever asked has `result`, and its failure
    return result;
  }

  const { quietMs = 100, pollMs = 1000 } = options;
  const watch = watchFiles({ onChange: () => void reload('file change'), quietMs, pollMs });
  watch.follow(files, state);
  started.resolve();
  return {
    snapshot: () => live,
    last: () => last,
    bundle: () => bundles.status(),
    reload: (trigger) => reload(trigger),
    close: () => {
      isClosed = true;
      watch.close();
      bundles.close();
      live.issuers.close();
    },
  };
}

/**
 * Waits a little for new keys, so that a reload does not make a ready process unready for a moment; and longer where
 * keys are at stake that are there now.
 * @returns why the new snapshot must not be taken
 */
async function keysHad(live: Snapshot, next: Snapshot): Promise<string | undefined> {
  const began = performance.now();
  for (;;) {
    const lost = lostKeys(live, next);
    const isComplete = next.issuers.status().every(({ ready }) => ready);
    const patience = lost === undefined ? KEYS_WITHIN_MS : KEPT_KEYS_WITHIN_MS;
    if (isComplete || performance.now() - began > patience) return lost;
    await delay(LOOK_EVERY_MS);
  }
}

/**
 * Finds an issuer whose tokens are accepted now, and under the new snapshot would not be. A new issuer may still be
 * waited for; one that works must not be taken away by a reload (threats Y05).
 */
function lostKeys(live: Snapshot, next: Snapshot): string | undefined {
  const had = new Set(live.issuers.status().flatMap(({ issuer, ready }) => (ready ? [issuer] : [])));
  const lost = next.issuers.status().find(({ issuer, ready }) => !ready && had.has(issuer));
  if (lost === undefined) return undefined;
  return `issuer ${lost.issuer} has keys, and would have none: ${lost.detail}; mend its jwks, then reload again`;
}

/**
 * Builds until no file changed meanwhile, so that one snapshot is never of two states of the files.
 * @param follow told which files to watch as soon as they are known: where the build fails, they are what must change
 */
async function buildSteady(
  { configPath, load }: ReloaderOptions,
  follow: (files: readonly string[], state: string) => void,
  options: Parameters<typeof buildSnapshot>[1],
): Promise<{ config: Config; snapshot: Snapshot }> {
  for (let attempts = 1; ; attempts += 1) {
    const configState = fingerprint([configPath]);
    const { config } = load();
    const files = [configPath, ...snapshotFiles(config)];
    const state = fingerprint(files);
    follow(files, state);
    const snapshot = await buildSnapshot(config, options);
    if (fingerprint(files) === state && fingerprint([configPath]) === configState) return { config, snapshot };
    if (attempts === MAX_ATTEMPTS) throw new Error('the files keep changing while they are read');
  }
}

function report(result: ReloadResult, { matrix, policy }: Snapshot, log: Logger): void {
  const { trigger, epoch } = result;
  if (!result.ok) {
    log.error({ trigger, epoch, error: result.error }, 'reload failed: the last good configuration stays in use');
    return;
  }
  log.info({ trigger, epoch, matrix: matrix.revision, policy: policy.revision }, 'reloaded');
  if (result.needRestart.length > 0) log.warn({ keys: result.needRestart }, 'these changes need a restart');
}

/** A section as its keys and values; a section that is one value has the key "". */
function keyed(section: object | string): Record<string, unknown> {
  return typeof section === 'string' ? { '': section } : { ...section };
}

/** The fixed keys whose value is no longer the one this process started with. */
function changedKeys(started: Config, now: Config): readonly string[] {
  return FIXED.flatMap((section) => {
    const [before, after] = [started[section], now[section]].map(keyed);
    const keys = new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})]);
    return [...keys]
      .filter((key) => !isDeepStrictEqual(before?.[key], after?.[key]))
      .map((key) => (key === '' ? section : dotted([section, key])));
  });
}
