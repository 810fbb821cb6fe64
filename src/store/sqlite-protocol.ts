/** What the Check's thread and the store's thread say to each other. */
import type { Facts } from './fact.ts';
import type { StoreError } from './store.ts';
import type { Answer, Write } from './write.ts';

/** Which file it was, and how far it had got: a later look must find the same file, no younger (threats C14). */
export interface Mark {
  /** Device and inode. */
  readonly file: string;
  /** Made with the file; a copy of another store has another. */
  readonly epoch: string;
  /** The last change that was read. */
  readonly seq: number;
}

export interface WorkerData {
  readonly file: string;
  /** Undefined the first time; afterwards what the thread before this one had seen. */
  readonly mark: Mark | undefined;
}

/** Milliseconds of the process's monotonic clock, which all its threads share. */
export type Monotonic = number;

export type ToWorker =
  /** Past `deadline` a write that has not begun never will. */
  | { readonly kind: 'write'; readonly id: number; readonly write: Write; readonly deadline: Monotonic }
  /** The last facts are in the index: more may come. */
  | { readonly kind: 'applied' }
  | { readonly kind: 'close' };

/** One row of the feed, as it is stored. */
export interface Row {
  readonly kind: keyof Facts;
  readonly body: string;
}

export type Outcome =
  | { readonly id: number; readonly answer: Answer }
  | { readonly id: number; readonly error: { readonly kind: StoreError['kind']; readonly message: string } };

export type FromWorker =
  | {
      readonly kind: 'news';
      readonly rows: readonly Row[];
      /** Of writes whose changes are among these rows or earlier ones. */
      readonly outcomes: readonly Outcome[];
      /** When the reading began that found nothing after these rows; undefined where there may be more. */
      readonly knownAt: Monotonic | undefined;
      readonly mark: Mark;
    }
  /** The file cannot be used now; it is tried again. Writes that were waiting have failed. */
  | { readonly kind: 'fault'; readonly message: string; readonly outcomes: readonly Outcome[] };
