import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import type { Logger } from '../log.ts';

const compress = promisify(gzip);
/** Records are alike: the fastest level makes a tenth of them, and costs a third of the usual one. */
const LEVEL = { level: constants.Z_BEST_SPEED };

/** Where records are sent to, as OPA's decision-log service takes them. */
export interface UploadConfig {
  /** The whole URL, such as `https://logs.acme.example/logs`. */
  readonly url: string;
  /** Sent as `authorization: Bearer`. */
  readonly token?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Events past this many bytes go into the next request; before compression. */
  readonly chunkBytes: number;
  /** Seconds that a record waits for others. */
  readonly every: number;
  /** Past this many bytes in memory the oldest are dropped and counted. */
  readonly bufferBytes: number;
}

interface Chunk {
  readonly body: Buffer;
  readonly lines: number;
  readonly bytes: number;
}

const RETRY_MS = { first: 200, last: 30_000 } as const;
/** So often a request is tried again that the service calls wrong. */
const MOST_REFUSALS = 3;
const ANSWER_WITHIN_MS = 10_000;
const [OPEN, COMMA, CLOSE] = [0x5b, 0x2c, 0x5d];
/** What comes before and after a record. */
const BRACKETS = 2;
/** UTF-8 needs at most three bytes for a unit of UTF-16; a record is nearly all ASCII. */
const MOST_BYTES = 3;

/**
 * Sends decision records to a service, as gzipped JSON arrays by POST, the way OPA does. It never throws and never holds
 * a decision up: what cannot be sent is tried again with growing, jittered pauses, waits in bounded memory, and past that
 * the oldest are dropped and counted (threats T02). The local record is not touched by any of it.
 * @see https://www.openpolicyagent.org/docs/management-decision-logs#decision-log-service-api
 */
export class Upload {
  readonly #config: UploadConfig;
  readonly #log: Logger;
  readonly #headers: Readonly<Record<string, string>>;
  /** The array that is being written: as bytes, so that no string lives on until it is sent. */
  #page: Buffer | undefined;
  #at = 0;
  #lines = 0;
  #chunks: Chunk[] = [];
  #held = 0;
  #dropped = 0;
  #failure: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> | undefined;
  #closing = new AbortController();

  constructor(config: UploadConfig, log: Logger) {
    this.#config = config;
    this.#log = log;
    this.#headers = {
      ...config.headers,
      ...(config.token === undefined ? {} : { authorization: `Bearer ${config.token}` }),
      'content-type': 'application/json',
      'content-encoding': 'gzip',
    };
  }

  /** Records that will never be sent. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Why the service does not take records at present; undefined while it does. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** Takes one record, as its line. */
  add(line: string): void {
    if (this.#closing.signal.aborted) {
      this.#dropped += 1;
      return;
    }
    const most = line.length * MOST_BYTES + BRACKETS;
    if (this.#page !== undefined && this.#at + most > this.#page.length) this.#seal();
    this.#page ??= Buffer.allocUnsafeSlow(Math.max(this.#config.chunkBytes, most));
    const before = this.#at;
    this.#page[this.#at++] = this.#lines === 0 ? OPEN : COMMA;
    this.#at += this.#page.write(line, this.#at);
    this.#lines += 1;
    this.#held += this.#at - before;
    this.#shed();
    this.#timer ??= setTimeout(this.#seal, this.#config.every * 1000).unref();
  }

  /** Sends what is held, for at most `withinMs`, and takes no more. */
  async close(withinMs: number): Promise<void> {
    this.#seal();
    await Promise.race([this.#sending, delay(withinMs, undefined, { ref: false })]);
    this.#closing.abort();
    this.#dropped += this.#chunks.reduce((sum, { lines }) => sum + lines, 0);
    this.#chunks = [];
    clearTimeout(this.#timer);
  }

  /** Closes the array that is being written, and has it sent. */
  readonly #seal = (): void => {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const page = this.#page;
    if (page === undefined) return;
    const bytes = this.#at;
    page[this.#at++] = CLOSE;
    this.#chunks.push({ body: page.subarray(0, this.#at), lines: this.#lines, bytes });
    this.#page = undefined;
    this.#at = 0;
    this.#lines = 0;
    this.#sending ??= this.#send().finally(() => {
      this.#sending = undefined;
    });
  };

  /** The oldest go first: what happens now is what someone will ask about. The one that is on its way stays. */
  #shed(): void {
    while (this.#held > this.#config.bufferBytes && this.#chunks.length > 1) {
      const [shed] = this.#chunks.splice(1, 1);
      this.#forget(shed);
      this.#dropped += shed?.lines ?? 0;
      this.#fail('buffer full');
    }
  }

  #forget(chunk: Chunk | undefined): void {
    this.#held -= chunk?.bytes ?? 0;
  }

  /** One request at a time, in order, until nothing waits. */
  async #send(): Promise<void> {
    let pause: number = RETRY_MS.first;
    let refused = 0;
    for (let chunk = this.#chunks[0]; chunk !== undefined; chunk = this.#chunks[0]) {
      const failure = await this.#post(chunk);
      if (this.#closing.signal.aborted) return;
      if (isOfTheChunk(failure)) refused += 1;
      // What is too large now will be too large again.
      if (failure === undefined || failure === 'HTTP 413' || refused > MOST_REFUSALS) {
        refused = 0;
        if (failure !== undefined) this.#dropped += chunk.lines;
        this.#chunks.shift();
        this.#forget(chunk);
        pause = RETRY_MS.first;
        if (failure === undefined) this.#recover();
        else this.#fail(failure);
        continue;
      }
      this.#fail(failure);
      await delay(pause * (0.5 + Math.random()), undefined, { ref: false, signal: this.#closing.signal }).catch(
        () => {},
      );
      pause = Math.min(pause * 2, RETRY_MS.last);
    }
  }

  /** @returns why it was not taken; never the service's own words, nor ours to it (threats T07) */
  async #post({ body }: Chunk): Promise<string | undefined> {
    try {
      const answer = await fetch(this.#config.url, {
        method: 'POST',
        headers: this.#headers,
        body: await compress(body, LEVEL),
        // Records and our token are for this service, and for none that it names.
        redirect: 'error',
        signal: AbortSignal.any([AbortSignal.timeout(ANSWER_WITHIN_MS), this.#closing.signal]),
      });
      await answer.body?.cancel();
      return answer.ok ? undefined : `HTTP ${answer.status}`;
    } catch (error) {
      return reasonOf(error);
    }
  }

  #fail(reason: string): void {
    if (this.#failure === undefined) {
      this.#log.error({ reason }, 'the decision-log service does not take records: they wait in memory');
    }
    this.#failure = reason;
  }

  #recover(): void {
    if (this.#failure === undefined) return;
    this.#failure = undefined;
    this.#log.warn({ dropped: this.#dropped }, 'the decision-log service takes records again');
  }
}

/** The service read it and does not want it: one such request must not hold up all others for ever. */
function isOfTheChunk(failure: string | undefined): boolean {
  return failure === 'HTTP 400' || failure === 'HTTP 422';
}

function reasonOf(error: unknown): string {
  const cause: unknown = error instanceof Error ? error.cause : undefined;
  if (cause instanceof Error && 'code' in cause) return String(cause.code);
  return error instanceof Error ? error.name : 'unknown';
}
