import { setTimeout as delay } from 'node:timers/promises';
import { type Download, type DownloadRequest, downloadBundle } from './download.ts';
import type { Copy } from './persisted.ts';
import { retryMs } from './retry-ms.ts';
import { shownUrl } from './shown-url.ts';

export interface PollOptions {
  readonly url: string;
  /** How often to ask; how long a server that knows long polling may wait; and the cap of what a failure waits. */
  readonly pollMs: number;
  /** Reads the token anew for each request, as a file that holds one is renewed. @throws Error */
  readonly token: () => string | undefined;
  /** The bundle of an earlier process. */
  readonly held?: Copy | undefined;
  /** Told of a new bundle. @returns whether it is in use now */
  readonly onBundle: (copy: Copy) => Promise<boolean>;
  /** Told each time that a round fails. */
  readonly onFailure: (error: Error, retryMs: number) => void;
  readonly now?: () => number;
  readonly random?: () => number;
}

export interface Poll {
  /** The bundle that the server had and that is in use, or was in an earlier process. */
  readonly held: Copy | undefined;
  /** Why the latest round failed; undefined where it did not. */
  readonly failure: string | undefined;
  readonly isStarted: boolean;
  /** Asks once, now, before the rounds begin. @throws BundleError, or what reading the token throws */
  first(): Promise<Copy>;
  /** Says which copy is in use; undefined where the one of an earlier process cannot be used. */
  hold(copy: Copy | undefined): void;
  /** Begins the rounds; a second time is none. */
  start(): void;
  close(): void;
}

/** Whoever starts or reloads is waiting. */
const FIRST_WITHIN_MS = 5000;
/** Longer, and what stands between may take the silence for a fault; fetch itself does after five minutes. */
const MAX_WAIT_SECONDS = 120;
/** A server that answers a long poll sooner than this, with nothing new, is not waiting: it is asked at intervals. */
const LONG_MS = 1000;

/** Asks a bundle server again and again, until closed: by long polling where it knows that, at intervals otherwise. */
export function createPoll(options: PollOptions): Poll {
  return new Poller(options);
}

class Poller implements Poll {
  held: Copy | undefined;
  failure: string | undefined;
  isStarted = false;
  readonly #options: PollOptions;
  readonly #closed = new AbortController();
  #failures = 0;
  /** Unknown until the server has said so: the first question lets it wait, and is answered at once all the same. */
  #isLongPoll = true;

  constructor(options: PollOptions) {
    this.#options = options;
    this.held = options.held;
  }

  async first(): Promise<Copy> {
    try {
      const signal = AbortSignal.timeout(FIRST_WITHIN_MS);
      const copy = this.#copyOf(await downloadBundle({ ...this.#request(), signal }));
      if (copy === undefined) throw new Error('the server has nothing new');
      return copy;
    } catch (error) {
      this.failure = messageOf(error);
      throw error;
    }
  }

  hold(copy: Copy | undefined): void {
    this.held = copy;
    this.failure = undefined;
  }

  start(): void {
    if (this.isStarted) return;
    this.isStarted = true;
    void this.#run();
  }

  close(): void {
    this.#closed.abort();
  }

  async #run(): Promise<void> {
    const { signal } = this.#closed;
    // Whoever starts has just asked, or comes from a disk and should not wait.
    let waitMs = this.failure === undefined && this.held !== undefined ? 0 : this.#retryMs();
    while (!signal.aborted) {
      // It only fails where it is aborted, which the next line asks.
      await delay(waitMs, undefined, { signal, ref: false }).catch(() => undefined);
      if (signal.aborted) return;
      waitMs = await this.#round();
    }
  }

  /** @returns how long to wait before the next */
  async #round(): Promise<number> {
    const began = performance.now();
    try {
      const answer = await this.#ask();
      const copy = this.#copyOf(answer);
      if (copy !== undefined && !(await this.#options.onBundle(copy))) throw new Error('its bundle was refused');
      this.#failures = 0;
      this.failure = undefined;
      const isPrompt = copy === undefined && performance.now() - began < LONG_MS;
      return this.#isLongPoll && !isPrompt ? 0 : this.#options.pollMs * (0.75 + this.#random() / 2);
    } catch (error) {
      return this.#failed(error);
    }
  }

  #failed(error: unknown): number {
    if (this.#closed.signal.aborted) return 0;
    this.#failures += 1;
    this.failure = messageOf(error);
    const waitMs = this.#retryMs();
    this.#options.onFailure(error instanceof Error ? error : new Error(this.failure), waitMs);
    return waitMs;
  }

  async #ask(): Promise<Download> {
    const seconds = Math.min(MAX_WAIT_SECONDS, Math.max(1, Math.round(this.#options.pollMs / 1000)));
    const waitSeconds = this.#isLongPoll ? seconds : undefined;
    const answer = await downloadBundle({ ...this.#request(), waitSeconds, signal: this.#closed.signal });
    this.#isLongPoll = answer.isLongPoll ?? this.#isLongPoll;
    return answer;
  }

  #request(): DownloadRequest {
    return { url: this.#options.url, token: this.#options.token(), etag: this.held?.etag };
  }

  /** A bundle that is new to us; what is held already is confirmed. */
  #copyOf({ bytes, etag }: Download): Copy | undefined {
    const confirmedAt = (this.#options.now ?? Date.now)();
    if (this.held !== undefined && (bytes === undefined || Buffer.compare(bytes, this.held.bytes) === 0)) {
      this.held = { ...this.held, etag, confirmedAt, isFromDisk: false };
      return undefined;
    }
    return bytes && { url: shownUrl(this.#options.url), bytes, etag, confirmedAt, isFromDisk: false };
  }

  #retryMs(): number {
    return retryMs(this.#failures, this.#options.pollMs, this.#random());
  }

  #random(): number {
    return (this.#options.random ?? Math.random)();
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
