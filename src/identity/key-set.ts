import type { CryptoKey } from 'jose';
import type { Logger } from 'pino';
import { Refusal } from '../refusals.ts';
import { fittingKeys } from './fitting-keys.ts';
import { importedKey } from './imported-key.ts';
import { type PublishedKey, readKeys } from './jwks.ts';
import { fetchJwks, type JwksAnswer } from './jwks-source.ts';

/** The published keys of one issuer. Fetches are single-flight; the last good set is kept through every failure. */
export interface KeySet {
  /**
   * Changes whenever the published keys change, and differs from that of every other set in this process. It is another
   * one also while the keys are stale: what rests on them is not recalled.
   */
  readonly epoch: number;
  /**
   * Finds the key that a token names, among keys that their issuer confirmed not longer than `maxStale` ago.
   * @throws Refusal `key_unknown`, `key_ambiguous`, `jwks_unavailable`
   */
  find(kid: string | undefined, alg: string): Promise<FoundKey>;
  start(): void;
  close(): void;
  status(): { readonly ready: boolean; readonly detail: string };
}

/** A key, and the epoch of the set that it was found in: a verdict that rests on it ends with that epoch. */
export interface FoundKey {
  readonly key: CryptoKey;
  /** As it is published: a token need not name the key that verifies it. */
  readonly kid: string | undefined;
  readonly epoch: number;
}

export interface KeySetOptions {
  readonly log: Logger;
  readonly fetch?: typeof fetchJwks;
  /** A monotonic clock, in milliseconds: a step of the wall clock must not stretch a cooldown or a verdict. */
  readonly now?: () => number;
  /** Milliseconds between regular refreshes, at most. */
  readonly refreshEvery?: number;
}

/** Where an issuer publishes its keys. `maxStale`, in seconds: for how long they may serve unconfirmed. */
export type KeySource = { readonly uri: string; readonly maxStale?: number } | { readonly file: string };

const MAX_STALE = 3600;
/** The epoch of no set. */
const STALE = 0;
const COOLDOWN_MS = 30_000;
const RETRY_MS = 2_000;
/** So soon a key that its issuer has taken back stops at the latest (threats J23); asked with an ETag, so that it is cheap. */
const REFRESH_MS = 30_000;
/** Whatever `max-age` an issuer states, it is not asked more often. */
const MIN_REFRESH_MS = 5_000;
/** So many Checks of unknown keys may wait for one fetch; the rest are answered at once (threats J20). */
const MAX_WAITING = 256;

let epochs = 0;

export function createKeySet(
  issuer: string,
  source: KeySource,
  { log, fetch = fetchJwks, now = monotonic, refreshEvery = REFRESH_MS }: KeySetOptions,
): KeySet {
  let keys: readonly PublishedKey[] | undefined;
  let fingerprint = '';
  let epoch = ++epochs;
  let pending: Promise<void> | undefined;
  let etag: string | undefined;
  let goodFor = refreshEvery;
  let waiting = 0;
  /** When a Check last made us fetch. Regular refreshes do not count: a new key need not wait for their cooldown. */
  let lastAttempt = Number.NEGATIVE_INFINITY;
  let lastFailure: string | undefined;
  let told: string | undefined;
  /** When the source last said that these are its keys; the same ones again, or a 304, are as good as others. */
  let confirmedAt = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;

  /**
   * The keys, while they may be used: one that an issuer has taken back must not live on because the issuer, or the way
   * to it, is down (threats J23). A file is read anew by each reload, and is as good as its last reading.
   */
  function usable(): readonly PublishedKey[] | undefined {
    const isStale = 'uri' in source && now() - confirmedAt > (source.maxStale ?? MAX_STALE) * 1000;
    return isStale ? undefined : keys;
  }

  async function load(): Promise<void> {
    try {
      take(await fetch(source, etag));
      confirmedAt = now();
      told = lastFailure = undefined;
    } catch (error) {
      lastFailure = messageOf(error);
      const effect =
        usable() === undefined ? 'its tokens are refused until they load' : 'the last good keys stay in use';
      // Retried every few seconds: told once, and again when cause or effect change.
      if (told === `${lastFailure} ${effect}`) return;
      told = `${lastFailure} ${effect}`;
      log.warn({ issuer, source, error: lastFailure }, `issuer keys cannot be had; ${effect}`);
    }
  }

  /** @throws Error where the answer is no JWKS that we can use: then nothing changes */
  function take({ text, etag: tag, maxAge }: JwksAnswer): void {
    if (text !== undefined) {
      const published = readKeys(text);
      const next = JSON.stringify(published.map(({ jwk }) => jwk));
      if (next !== fingerprint) {
        keys = published;
        fingerprint = next;
        epoch = ++epochs;
        log.info({ issuer, keys: published.length }, 'issuer keys loaded');
      }
    }
    etag = tag;
    goodFor = Math.min(refreshEvery, Math.max(MIN_REFRESH_MS, (maxAge ?? Number.POSITIVE_INFINITY) * 1000));
  }

  /** A fetch that a Check asks for. Claimed before it begins, so that a second one cannot begin beside it. */
  function demand(): Promise<void> {
    lastAttempt = now();
    return refresh();
  }

  /** One fetch at a time; everyone who needs keys meanwhile waits for the same one. */
  function refresh(): Promise<void> {
    pending ??= load().finally(() => {
      pending = undefined;
      schedule();
    });
    return pending;
  }

  function schedule(): void {
    clearTimeout(timer);
    if (isClosed) return;
    // Early by up to a tenth, so that many processes do not ask in step.
    const next = lastFailure === undefined ? goodFor * (1 - Math.random() / 10) : RETRY_MS * (1 + Math.random() / 2);
    timer = setTimeout(() => void refresh(), next);
    timer.unref();
  }

  /**
   * An unknown kid may ask for a fetch, at most once in 30 s however many tokens name one; nothing is remembered of a kid
   * that is not found, so that nothing grows (threats J20).
   */
  async function refreshForUnknownKey(): Promise<void> {
    const isDue = now() - lastAttempt >= COOLDOWN_MS;
    if ((pending === undefined && !isDue) || waiting >= MAX_WAITING) return;
    waiting += 1;
    await (isDue ? demand() : refresh()).finally(() => {
      waiting -= 1;
    });
  }

  /** @throws Refusal */
  function required(): readonly PublishedKey[] {
    const served = usable();
    if (served === undefined) throw new Refusal('jwks_unavailable', lastFailure ?? 'the keys are not loaded');
    return served;
  }

  return {
    get epoch() {
      return usable() === undefined && keys !== undefined ? STALE : epoch;
    },
    async find(kid, alg) {
      if (usable() === undefined) await (pending ?? (now() - lastAttempt >= RETRY_MS ? demand() : undefined));
      let found = fittingKeys(required(), kid, alg);
      if (found.length === 0) {
        await refreshForUnknownKey();
        found = fittingKeys(required(), kid, alg);
      }
      const [key, other] = found;
      if (key === undefined) throw new Refusal('key_unknown', 'no published key has this kid and algorithm');
      if (other !== undefined) throw new Refusal('key_ambiguous', 'several published keys fit');
      const foundIn = epoch;
      return { key: await importedKey(key, alg), kid: key.kid, epoch: foundIn };
    },
    start: () => {
      isClosed = false;
      if (keys === undefined) void demand();
      else schedule();
    },
    close: () => {
      isClosed = true;
      clearTimeout(timer);
    },
    status: () => {
      const served = usable();
      return {
        ready: served !== undefined,
        detail: lastFailure ?? (served === undefined ? 'not loaded yet' : `${served.length} keys`),
      };
    },
  };
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof Error ? `${error.message}: ${cause.message}` : error.message;
}

function monotonic(): number {
  return performance.now();
}
