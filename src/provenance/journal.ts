import type { Logger } from '../log.ts';
import type { LogRules } from '../policy/log-rules.ts';
import type { Shadowed } from '../policy/shadow.ts';
import { jsonLine } from './json-line.ts';
import { type KeepOptions, keptInput } from './kept-input.ts';
import type { LineWriter } from './line-writer.ts';
import { maskRecord } from './mask.ts';
import { type DecisionRecord, type RecordParts, recordOf } from './record.ts';
import type { Trail } from './trail.ts';
import type { Upload } from './upload.ts';

export interface JournalParts {
  readonly records: LineWriter | undefined;
  readonly upload: Upload | undefined;
  readonly keep: KeepOptions;
  readonly log: Logger;
}

/** A record that can be written, and whether it is sent, too. */
export interface JournalEntry {
  readonly record: DecisionRecord;
  readonly isSent: boolean;
}

/** Makes decision records, masks them by the bundle's own rules, and hands them to their targets. */
export class Journal {
  readonly #parts: JournalParts;
  #maskFailures = 0;
  #dropFailures = 0;

  constructor(parts: JournalParts) {
    this.#parts = parts;
  }

  get state(): {
    readonly dropped: number;
    readonly failure: string | undefined;
    readonly maskFailures: number;
    readonly upload: { readonly dropped: number; readonly failure: string | undefined };
  } {
    const { records, upload } = this.#parts;
    return {
      dropped: records?.dropped ?? 0,
      failure: records?.failure,
      maskFailures: this.#maskFailures,
      upload: { dropped: upload?.dropped ?? 0, failure: upload?.failure },
    };
  }

  /**
   * Makes and masks the record of one Check: small, so that one that waits for its shadow keeps no request alive.
   * @returns undefined where records go nowhere
   * @throws where a record cannot be made
   */
  make(trail: Trail, known: Omit<RecordParts, 'kept'>): JournalEntry | undefined {
    const { records, upload, keep } = this.#parts;
    if (records === undefined && upload === undefined) return undefined;
    const record = recordOf(trail, { ...known, kept: keptInput(trail, keep) });
    // As in OPA, the drop rule sees what is not masked yet.
    const isSent = upload !== undefined && !this.#isDropped(record, trail.live?.policy.log?.drop);
    return { record: this.#masked(record, trail), isSent };
  }

  /** Writes it, with what the shadow policy said, where it was asked. */
  write({ record, isSent }: JournalEntry, shadowed?: Shadowed): void {
    const { records, upload } = this.#parts;
    // What was erased is not changed by it: a mask reaches input and result, and this is neither.
    if (shadowed !== undefined) record.authz = { ...(record.authz as object), shadow: shadowed };
    const line = jsonLine(record);
    records?.write(line);
    if (isSent) upload?.add(line);
  }

  /** Together within the time: the local record first, it is the proof. */
  async close(withinMs: number): Promise<void> {
    const end = Date.now() + withinMs;
    await this.#parts.records?.close(withinMs);
    await this.#parts.upload?.close(Math.max(200, end - Date.now()));
  }

  /** A mask that fails must hide everything: what it would have hidden is not known. */
  #masked(record: DecisionRecord, { live }: Trail): DecisionRecord {
    const mask = live?.policy.log?.mask;
    if (mask === undefined) return record;
    try {
      return maskRecord(record, mask);
    } catch (err) {
      this.#maskFailures += 1;
      if (this.#maskFailures === 1) {
        const what = 'data.system.log.mask failed: records are written without input and result';
        this.#parts.log.error({ err, policy: live?.policy.revision }, what);
      }
      const { input: _input, input_digest: _digest, result: _result, masked: _masked, ...rest } = record;
      return { ...rest, erased: ['/input', '/result'] };
    }
  }

  /** Only a clear `true` keeps a record from being sent: a filter that fails must not cost the audit its records. */
  #isDropped(record: DecisionRecord, drop: LogRules['drop']): boolean {
    if (drop === undefined) return false;
    try {
      return drop(record) === true;
    } catch (err) {
      this.#dropFailures += 1;
      if (this.#dropFailures === 1) {
        this.#parts.log.error({ err }, 'data.system.log.drop failed: all records are uploaded');
      }
      return false;
    }
  }
}
