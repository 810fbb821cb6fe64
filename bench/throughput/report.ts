import type { Contestant } from './contestants.ts';
import type { Turn } from './measure.ts';

export type Name = Contestant['name'];

/** The turns of one scenario: the first of each server belong together, and so on. */
export interface Scenario {
  readonly name: 'warm' | 'first-seen';
  readonly turns: Readonly<Partial<Record<Name, readonly Turn[]>>>;
}

/** Medians over the turns of one server. `ratio` and `addedCpu` are against the no-op server, turn by turn. */
export interface Figures extends Turn {
  readonly scenario: Scenario['name'];
  readonly server: Name;
  readonly ratio: number;
  readonly addedCpu: number | undefined;
  /** The lowest and the highest ratio of a turn: how far to trust the median. */
  readonly spread: readonly [number, number];
}

export function figuresOf({ name, turns }: Scenario): readonly Figures[] {
  const floor = turns['no-op'] ?? [];
  return (['no-op', 'behalf', 'peer'] as const).flatMap((server) => {
    const own = turns[server];
    if (own === undefined) return [];
    const ratios = own.map(({ rate }, index) => rate / (floor[index]?.rate ?? Number.NaN));
    const added = own.map(({ cpu }, index) => minus(cpu, floor[index]?.cpu));
    return {
      scenario: name,
      server,
      rate: median(own.map(({ rate }) => rate)),
      p50: median(own.map(({ p50 }) => p50)),
      p99: median(own.map(({ p99 }) => p99)),
      cpu: medianOfKnown(own.map(({ cpu }) => cpu)),
      busy: medianOfKnown(own.map(({ busy }) => busy)),
      ratio: median(ratios),
      spread: [Math.min(...ratios), Math.max(...ratios)],
      addedCpu: medianOfKnown(added),
    };
  });
}

/** The step and the goal of design §15, for Behalf with remembered tokens. */
const STEP = { ratio: 0.6, addedCpu: 60 };
const GOAL_RATIO = 0.75;
/** Below this share the server waited for load, so its rate says little; its processor time still holds. */
const BUSY_ENOUGH = 0.85;

/** The figures as a table, and what follows from them. */
export function reportText(all: readonly Figures[]): string {
  const lines = all.map((figures) =>
    [
      figures.scenario.padEnd(11),
      figures.server.padEnd(7),
      cell(figures.rate, 0, 9),
      cell(figures.p50, 2, 8),
      cell(figures.p99, 2, 8),
      cell(figures.cpu, 0, 8),
      cell(figures.ratio, 2, 7),
      figures.spread
        .map((ratio) => ratio.toFixed(2))
        .join('–')
        .padStart(12),
      cell(figures.addedCpu, 0, 10),
      cell(figures.busy === undefined ? undefined : figures.busy * 100, 0, 6),
    ].join(''),
  );
  const head = 'scenario   server     rate/s  p50 ms  p99 ms  CPU µs  ratio      spread  added µs  busy%';
  return [head, ...lines, '', ...verdicts(all)].join('\n');
}

function verdicts(all: readonly Figures[]): string[] {
  const idle = all.filter(({ busy }) => busy !== undefined && busy < BUSY_ENOUGH);
  const warm = all.find(({ scenario, server }) => scenario === 'warm' && server === 'behalf');
  const said = idle.map(
    ({ scenario, server }) =>
      `${scenario}, ${server}: the server did not have its processor to itself, or too little to do. Its rate is a lower bound.`,
  );
  if (warm === undefined) return said;
  const isStep = warm.ratio >= STEP.ratio || (warm.addedCpu ?? Number.POSITIVE_INFINITY) <= STEP.addedCpu;
  const step = `${isStep ? 'met' : 'NOT met'}: warm, at least ${STEP.ratio} of the floor or at most ${STEP.addedCpu} µs added`;
  const goal = `${warm.ratio >= GOAL_RATIO ? 'met' : 'NOT met'}: warm, at least ${GOAL_RATIO} of the floor`;
  return [...said, step, goal];
}

function cell(value: number | undefined, digits: number, width: number): string {
  return (value === undefined ? '–' : value.toFixed(digits)).padStart(width);
}

function minus(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a - b;
}

function medianOfKnown(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : median(known);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}
