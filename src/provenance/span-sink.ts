import type { Span } from './span.ts';

/** Where finished spans go. Taking one never throws and never waits. */
export interface SpanSink {
  add(spans: readonly Span[]): void;
  /** Spans that were never exported. */
  readonly dropped: number;
  /** Why nothing can be exported at present; undefined while it can. */
  readonly failure: string | undefined;
  /** Exports what is held, for at most `withinMs`. */
  close(withinMs: number): Promise<void>;
}
