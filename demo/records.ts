import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** What the demo reads of a decision record; docs/telemetry.md has the rest. */
export interface DecisionRecord {
  readonly decision_id: string;
  readonly trace_id?: string;
  readonly requested_by?: string;
  readonly authz: {
    readonly outcome: string;
    readonly reason: string;
    readonly agent?: string;
    readonly subject?: string;
  };
}

/** What the demo reads of a span. `start` and `end` are in nanoseconds since the epoch. */
export interface SpanLine {
  readonly trace_id: string;
  readonly span_id: string;
  readonly parent_span_id?: string;
  readonly name: string;
  readonly start: string;
  readonly end: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

const APPEARS_WITHIN_MS = 3_000;

/** All whole lines of an NDJSON file; none when there is no file yet. */
export function readLines<T>(file: string): T[] {
  if (!existsSync(file)) {
    return [];
  }
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.slice(0, -1).map((line) => JSON.parse(line) as T);
}

/** Waits for `count` lines that `wanted` picks, as what Behalf writes follows its answer; gives those that came in time. */
export async function awaitLines<T>(file: string, wanted: (line: T) => boolean, count = 1): Promise<T[]> {
  const end = performance.now() + APPEARS_WITHIN_MS;
  for (;;) {
    const found = readLines<T>(file).filter(wanted);
    if (found.length >= count || performance.now() > end) {
      return found;
    }
    await sleep(25);
  }
}
