import { COMPARISONS, type Comparison } from '../verdict.ts';
import type { Decision } from './read-decision.ts';
import type { Replayed } from './replay.ts';

/** How many decisions of one group changed, and how. */
export type Changes = Record<Comparison, number>;

export interface Example {
  readonly decision: string;
  readonly comparison: Comparison;
  readonly hop: string;
  readonly agent: string;
  readonly before: string;
  readonly after: string;
}

/** What a replay found: first what it rests on, then what differs. */
export interface ReplayReport {
  readonly records: number;
  /** Records that were asked about anew: all figures below are of these. */
  readonly compared: number;
  /** Refused before policy was asked: no policy changes that. */
  readonly earlier: number;
  readonly undecidable: {
    readonly records: number;
    /** How often each part was read that the record has not kept. */
    readonly read: Readonly<Record<string, number>>;
    readonly byHop: Readonly<Record<string, number>>;
  };
  /** Lines that are no decision records. */
  readonly skipped: number;
  /** Compared records by the policy revision that had decided. */
  readonly revisions: Readonly<Record<string, number>>;
  /** Rows of the matrix that nothing compared is of; undefined where no matrix is known. */
  readonly unobserved: readonly string[] | undefined;
  readonly changes: Changes;
  /** `before -> after`: the code, and policy's own reason codes. */
  readonly byRule: Readonly<Record<string, Changes>>;
  readonly byAgent: Readonly<Record<string, Changes>>;
  readonly byHop: Readonly<Record<string, Changes>>;
  readonly examples: readonly Example[];
}

const MOST_EXAMPLES = 5;

/** Counts what becomes of records. */
export class ReplayTally {
  #records = 0;
  #compared = 0;
  #earlier = 0;
  #undecidable = 0;
  skipped = 0;
  readonly #read = new Map<string, number>();
  readonly #undecidableHops = new Map<string, number>();
  readonly #revisions = new Map<string, number>();
  readonly #changes = noChanges();
  readonly #groups = {
    byRule: new Map<string, Changes>(),
    byAgent: new Map<string, Changes>(),
    byHop: new Map<string, Changes>(),
  };
  readonly #observed = new Set<string>();
  readonly #examples: Example[] = [];

  add(decision: Decision, replayed: Replayed): void {
    this.#records += 1;
    if (replayed.kind === 'earlier') this.#earlier += 1;
    else if (replayed.kind === 'undecidable') this.#cannotDecide(decision, replayed.read);
    else this.#compare(decision, replayed);
  }

  report(rows: readonly string[] | undefined): ReplayReport {
    const { byRule, byAgent, byHop } = this.#groups;
    return {
      records: this.#records,
      compared: this.#compared,
      earlier: this.#earlier,
      undecidable: {
        records: this.#undecidable,
        read: Object.fromEntries(this.#read),
        byHop: Object.fromEntries(this.#undecidableHops),
      },
      skipped: this.skipped,
      revisions: Object.fromEntries(this.#revisions),
      unobserved: rows?.filter((row) => !this.#observed.has(row)),
      changes: this.#changes,
      byRule: Object.fromEntries(byRule),
      byAgent: Object.fromEntries(byAgent),
      byHop: Object.fromEntries(byHop),
      examples: this.#examples,
    };
  }

  #cannotDecide({ hop }: Decision, read: readonly string[]): void {
    this.#undecidable += 1;
    increase(this.#undecidableHops, hop);
    for (const pointer of read) increase(this.#read, pointer);
  }

  #compare(decision: Decision, { comparison, live, candidate }: Extract<Replayed, { kind: 'compared' }>): void {
    const { id, hop, agent, revision } = decision;
    this.#compared += 1;
    this.#observed.add(hop);
    increase(this.#revisions, revision ?? 'unknown');
    this.#changes[comparison] += 1;
    const [before, after] = [live, candidate].map(({ code, reasons }) => [code, ...reasons].join(' '));
    if (comparison !== 'agree') group(this.#groups.byRule, `${before} -> ${after}`)[comparison] += 1;
    group(this.#groups.byAgent, agent)[comparison] += 1;
    group(this.#groups.byHop, hop)[comparison] += 1;
    const isShown = this.#examples.filter((example) => example.comparison === comparison).length >= MOST_EXAMPLES;
    if (comparison === 'agree' || isShown) return;
    this.#examples.push({ decision: id, comparison, hop, agent, before: before ?? '', after: after ?? '' });
  }
}

function noChanges(): Changes {
  return Object.fromEntries(COMPARISONS.map((comparison) => [comparison, 0])) as Changes;
}

function group(groups: Map<string, Changes>, name: string): Changes {
  const found = groups.get(name) ?? noChanges();
  groups.set(name, found);
  return found;
}

function increase(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
