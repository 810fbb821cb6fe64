import { fdatasync, writev } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Logger } from '../log.ts';
import { closeLineTarget, type LineTarget } from './line-target.ts';

const writeTo = promisify(writev);
const syncTo = promisify(fdatasync);

export interface LineWriterOptions {
  /** What the lines are, for the log: `decision records`. */
  readonly what: string;
  readonly log: Logger;
  /** Lines past this many bytes in memory are dropped and counted. */
  readonly maxBytes?: number;
}

interface Chunk {
  /** What it is a part of. */
  readonly page: Buffer;
  readonly bytes: Buffer;
  readonly lines: number;
  written: number;
}

const CHUNK_BYTES = 256 * 1024;
/** Pages that were written serve again: new memory costs the kernel more than the copy does. */
const SPARE_PAGES = 4;
const NEWLINE = 10;
/** UTF-8 needs at most three bytes for a unit of UTF-16. */
const MOST_BYTES = 3;
/** One write an event-loop turn is all there is: it must carry what a busy turn brings. */
const CHUNKS_PER_WRITE = 32;
const FLUSH_AFTER_MS = 100;
const MAX_BYTES = 8 * 1024 * 1024;
/** A full disk or a closed pipe is tried again this often; a pipe that is only full, much sooner. */
const RETRY_MS = 1000;
const RETRY_FULL_PIPE_MS = 10;

/**
 * Writes lines in batches, off the caller's clock: a line is kept in memory as bytes, so that no string of it lives on, and
 * goes out with its neighbours after 256 KiB or 100 ms. It never throws and never blocks. While the target fails, lines
 * wait; past `maxBytes` they are dropped and counted (threats T02, T04).
 */
export class LineWriter {
  readonly #target: LineTarget;
  readonly #what: string;
  readonly #log: Logger;
  readonly #maxBytes: number;
  readonly #chunks: Chunk[] = [];
  readonly #spare: Buffer[] = [];
  #page: Buffer = Buffer.alloc(0);
  #at = 0;
  #lines = 0;
  #held = 0;
  #dropped = 0;
  #failure: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #draining: Promise<void> | undefined;
  #isClosed = false;

  constructor(target: LineTarget, options: LineWriterOptions) {
    this.#target = target;
    this.#what = options.what;
    this.#log = options.log;
    this.#maxBytes = options.maxBytes ?? MAX_BYTES;
  }

  /** Lines that were never written. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Why the target does not take lines at present; undefined while it does. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** Takes one line, without its newline. */
  write(line: string): void {
    if (this.#isClosed || this.#held + line.length + 1 > this.#maxBytes) {
      this.#drop();
      return;
    }
    const most = line.length * MOST_BYTES + 1;
    if (most > this.#page.length - this.#at) {
      if (this.#lines > 0) this.#flush();
      this.#page = this.#freePage(most);
    }
    const start = this.#at;
    this.#at += this.#page.write(line, this.#at);
    this.#page[this.#at++] = NEWLINE;
    this.#lines += 1;
    this.#held += this.#at - start;
    this.#timer ??= setTimeout(this.#flush, FLUSH_AFTER_MS);
  }

  /** Writes what is held, syncs and closes a file, and takes no more. What is left after `withinMs` is dropped. */
  async close(withinMs: number): Promise<void> {
    this.#isClosed = true;
    const end = Date.now() + withinMs;
    this.#flush();
    while (this.#chunks.length > 0 && Date.now() < end) {
      await Promise.race([this.#drain(), delay(end - Date.now(), undefined, { ref: false })]);
      if (this.#chunks.length > 0) {
        await delay(Math.min(RETRY_FULL_PIPE_MS, Math.max(0, end - Date.now())));
      }
    }
    clearTimeout(this.#timer);
    this.#dropped += this.#chunks.reduce((sum, chunk) => sum + linesLeft(chunk), 0);
    this.#chunks.length = 0;
    if (this.#target.isFile) {
      const sync = syncTo(this.#target.fd).catch((error: unknown) => this.#failed(error));
      await Promise.race([sync, delay(Math.max(1, end - Date.now()), undefined, { ref: false })]);
    }
    // A write that still waits would go to whatever gets this number next.
    if (this.#draining === undefined) closeLineTarget(this.#target);
  }

  readonly #flush = (): void => {
    this.#seal();
    void this.#drain();
  };

  #seal(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#lines === 0) {
      return;
    }
    const filled = this.#page.subarray(0, this.#at);
    // A page that is nearly empty is kept: while the target fails, pages would hold far more memory than lines.
    const isFull = this.#at > this.#page.length / 2;
    const bytes = isFull ? filled : Buffer.from(filled);
    this.#chunks.push({ page: isFull ? this.#page : bytes, bytes, lines: this.#lines, written: 0 });
    if (isFull) this.#page = Buffer.alloc(0);
    this.#at = 0;
    this.#lines = 0;
  }

  #freePage(bytes: number): Buffer {
    return (
      (bytes <= CHUNK_BYTES ? this.#spare.pop() : undefined) ?? Buffer.allocUnsafeSlow(Math.max(bytes, CHUNK_BYTES))
    );
  }

  #drain(): Promise<void> {
    this.#draining ??= this.#writeChunks().finally(() => {
      this.#draining = undefined;
    });
    return this.#draining;
  }

  /** One write at a time, so that lines stay in order and whole. */
  async #writeChunks(): Promise<void> {
    while (this.#chunks.length > 0) {
      const batch = this.#chunks.slice(0, CHUNKS_PER_WRITE);
      try {
        const { bytesWritten } = await writeTo(
          this.#target.fd,
          batch.map(({ bytes, written }) => bytes.subarray(written)),
        );
        this.#settle(batch, bytesWritten);
      } catch (error) {
        this.#failed(error);
        return;
      }
    }
  }

  /** A write may stop anywhere: what is whole is forgotten, the rest goes on where it stopped. */
  #settle(batch: readonly Chunk[], bytesWritten: number): void {
    let left = bytesWritten;
    for (const chunk of batch) {
      const now = Math.min(left, chunk.bytes.length - chunk.written);
      chunk.written += now;
      left -= now;
      if (chunk.written < chunk.bytes.length) {
        return;
      }
      this.#chunks.shift();
      this.#held -= chunk.bytes.length;
      if (chunk.page.length === CHUNK_BYTES && this.#spare.length < SPARE_PAGES) this.#spare.push(chunk.page);
    }
    this.#recovered();
  }

  #failed(error: unknown): void {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    if (code !== 'EAGAIN' && this.#failure === undefined) {
      this.#failure = code;
      this.#log.error({ target: this.#target.name, code }, `${this.#what} cannot be written: they wait in memory`);
    }
    if (!this.#isClosed) {
      this.#timer ??= setTimeout(this.#flush, code === 'EAGAIN' ? RETRY_FULL_PIPE_MS : RETRY_MS).unref();
    }
  }

  #recovered(): void {
    // Half empty, so that a target at its limit does not fill the log with one line per batch.
    if (this.#failure !== undefined && this.#held <= this.#maxBytes / 2) {
      this.#failure = undefined;
      this.#log.warn({ target: this.#target.name, dropped: this.#dropped }, `${this.#what} are written again`);
    }
  }

  #drop(): void {
    this.#dropped += 1;
    if (this.#failure === undefined && !this.#isClosed) {
      this.#failure = 'full';
      this.#log.error(
        { target: this.#target.name },
        `${this.#what} come faster than they are written: some are dropped`,
      );
    }
  }
}

function linesLeft({ bytes, lines, written }: Chunk): number {
  if (written === 0) {
    return lines;
  }
  let left = 0;
  for (let at = bytes.indexOf(NEWLINE, written); at !== -1; at = bytes.indexOf(NEWLINE, at + 1)) {
    left += 1;
  }
  return left;
}
