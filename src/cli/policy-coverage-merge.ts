import { join } from 'node:path';
import { shownPath } from '../config/problem.ts';
import type { Coverage, FileCoverage } from './policy-test-result.ts';

/** What `--coverage --format json` prints: ranges of expressions. */
export interface OpaCoverage {
  readonly files?: Readonly<
    Record<string, { readonly covered?: readonly Range[]; readonly not_covered?: readonly Range[] }>
  >;
}

interface Range {
  readonly start: { readonly row: number; readonly col: number };
  readonly end: { readonly row: number; readonly col: number };
}

/**
 * Several reports over the same files as one: an expression is uncovered where no run evaluated it, and a line is where
 * one of its expressions is.
 * @param folder that the files lie in
 * @param isLeftOut says which files do not count, such as tests: whether those are evaluated says nothing
 */
export function mergeCoverage(
  reports: readonly OpaCoverage[],
  folder: string,
  isLeftOut: (file: string) => boolean,
): Coverage {
  const names = [...new Set(reports.flatMap(({ files = {} }) => Object.keys(files)))].filter(
    (file) => !isLeftOut(file),
  );
  const files = names.sort().map((name) => mergeFile(reports, name, shownPath(join(folder, name))));
  const covered = files.reduce((sum, file) => sum + file.covered, 0);
  const missed = files.flatMap(({ uncovered }) => uncovered).reduce((sum, [first, last]) => sum + last - first + 1, 0);
  const lines = covered + missed;
  return { percent: lines === 0 ? 100 : (100 * covered) / lines, covered, lines, files };
}

function mergeFile(reports: readonly OpaCoverage[], name: string, file: string): FileCoverage {
  const found = reports.flatMap(({ files = {} }) => files[name] ?? []);
  const [first = [], ...others] = found.map(({ not_covered: missed = [] }) => missed);
  const keys = others.map((missed) => new Set(missed.map(keyOf)));
  const uncovered = rowsOf(first.filter((range) => keys.every((missed) => missed.has(keyOf(range)))));
  const all = rowsOf(found.flatMap(({ covered = [], not_covered: missed = [] }) => [...covered, ...missed]));
  return { file, covered: all.size - uncovered.size, uncovered: rangesOf(uncovered) };
}

function keyOf({ start, end }: Range): string {
  return `${start.row}:${start.col}-${end.row}:${end.col}`;
}

function rowsOf(ranges: readonly Range[]): ReadonlySet<number> {
  return new Set(
    ranges.flatMap(({ start, end }) => Array.from({ length: end.row - start.row + 1 }, (_, at) => start.row + at)),
  );
}

function rangesOf(rows: ReadonlySet<number>): readonly (readonly [number, number])[] {
  const ranges: [number, number][] = [];
  for (const row of [...rows].sort((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === row - 1) last[1] = row;
    else ranges.push([row, row]);
  }
  return ranges;
}
