import type { Comparable } from './policy-replay.ts';
import { CALLED, type GroupRow, type ReplaySections, type Row, replaySections } from './policy-replay-sections.ts';

/** A replay for a terminal. */
export function replayText(compared: Comparable): string {
  const sections = replaySections(compared);
  const { title, notCompared, read, changes, groups } = sections;
  const { examples } = compared.report;
  return [
    `${title}\n`,
    block('Not compared', lines(notCompared)),
    block('Read, but not in the records', lines(read)),
    unobserved(sections),
    block('Compared', lines(changes)),
    ...groups.map(([by, rows]) => block(`Changes by ${by}`, groupLines(rows))),
    block(
      'Examples',
      examples.map(
        ({ decision, comparison, hop, agent, before, after }) =>
          `${decision}  ${CALLED[comparison]}  ${hop}  ${agent}  ${before} -> ${after}`,
      ),
    ),
  ].join('');
}

function unobserved({ unobserved: rows }: ReplaySections): string {
  if (rows === undefined) return '\nNot observed: not known without the matrix (--matrix)\n';
  return rows.length === 0 ? '\nRows not observed: none\n' : block('Rows not observed', rows);
}

function block(title: string, all: readonly string[]): string {
  return all.length === 0 ? '' : `\n${title}\n${all.map((line) => `  ${line}\n`).join('')}`;
}

function lines(rows: readonly Row[]): readonly string[] {
  const width = Math.max(0, ...rows.map(([, count]) => String(count).length));
  return rows.map(([what, count]) => `${String(count).padStart(width)}  ${what}`);
}

function groupLines(rows: readonly GroupRow[]): readonly string[] {
  return rows.map(([name, { flip_to_deny, flip_to_allow, error, reason }]) => {
    const parts: Row[] = [
      [CALLED.flip_to_deny, flip_to_deny],
      [CALLED.flip_to_allow, flip_to_allow],
      [CALLED.error, error],
      ['other reasons', reason],
    ];
    const told = parts.filter(([, count]) => count > 0).map(([what, count]) => `${count} ${what}`);
    return `${name}: ${told.join(', ')}`;
  });
}
