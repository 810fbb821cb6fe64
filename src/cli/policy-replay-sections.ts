import type { Changes, ReplayReport } from '../policy/replay/tally.ts';
import type { Comparison } from '../policy/verdict.ts';
import type { Comparable } from './policy-replay.ts';

/** A line of figures: what, and how many. */
export type Row = readonly [what: string, count: number];

/** A group of decisions, and how they changed. */
export type GroupRow = readonly [name: string, changes: Changes];

/** What a replay says, in the order in which it must be read: first what it rests on, then what differs. */
export interface ReplaySections {
  readonly title: string;
  readonly notCompared: readonly Row[];
  /** What was read that the record has not kept. */
  readonly read: readonly Row[];
  /** Undefined where no matrix is known. */
  readonly unobserved: readonly string[] | undefined;
  readonly changes: readonly Row[];
  readonly groups: readonly (readonly [by: string, rows: readonly GroupRow[]])[];
}

/** What each comparison is called. */
export const CALLED: Readonly<Record<Comparison, string>> = {
  flip_to_deny: 'allow -> deny',
  flip_to_allow: 'deny -> allow',
  error: 'errors',
  reason: 'same answer, other reasons',
  agree: 'agree',
};

const ORDER = ['flip_to_deny', 'flip_to_allow', 'error', 'reason', 'agree'] as const;

/** Lays a report out for reading. */
export function replaySections({ report, candidate, live }: Comparable): ReplaySections {
  const { records, compared, earlier, undecidable, skipped, changes } = report;
  const against = live === undefined ? 'what was recorded' : `policy ${live}`;
  return {
    title: `Candidate ${candidate} against ${against}: ${compared} of ${records} records compared (${share(report)}).`,
    notCompared: some([
      ['refused before policy was asked', earlier],
      ['not decidable from the record: a policy reads what was erased or masked', undecidable.records],
      ['lines that are no decision records', skipped],
    ]),
    read: byCount(undecidable.read),
    unobserved: report.unobserved,
    changes: ORDER.map((comparison): Row => [CALLED[comparison], changes[comparison]]),
    groups: [
      ['rule', changed(report.byRule)],
      ['agent', changed(report.byAgent)],
      ['hop', changed(report.byHop)],
    ],
  };
}

function share({ records, compared }: ReplayReport): string {
  return records === 0 ? 'there are none' : `${((compared / records) * 100).toFixed(1)} %`;
}

function some(rows: readonly Row[]): readonly Row[] {
  return rows.filter(([, count]) => count > 0);
}

function byCount(counts: Readonly<Record<string, number>>): readonly Row[] {
  return Object.entries(counts).sort(([, one], [, other]) => other - one);
}

/** Groups in which nothing changed are not news. */
function changed(groups: Readonly<Record<string, Changes>>): readonly GroupRow[] {
  return Object.entries(groups)
    .filter(([, changes]) => total(changes) > 0)
    .sort(([, one], [, other]) => total(other) - total(one));
}

function total({ flip_to_deny, flip_to_allow, error, reason }: Changes): number {
  return flip_to_deny + flip_to_allow + error + reason;
}
