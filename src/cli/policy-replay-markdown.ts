import type { Comparable } from './policy-replay.ts';
import { CALLED, type GroupRow, type ReplaySections, type Row, replaySections } from './policy-replay-sections.ts';

/** A replay as Markdown, for a comment on a pull request. */
export function replayMarkdown(compared: Comparable): string {
  const sections = replaySections(compared);
  const { title, notCompared, read, changes, groups } = sections;
  return [
    `### Policy replay\n\n${escaped(title)}\n`,
    table('Not compared', ['records', 'why'], figures(notCompared)),
    table('Read, but not in the records', ['records', 'part'], figures(read, true)),
    unobserved(sections),
    table('Compared', ['records', 'result'], figures(changes)),
    ...groups.map(([by, rows]) => table(`Changes by ${by}`, HEADS, groupRows(rows))),
    examples(compared),
  ].join('');
}

const HEADS = ['', CALLED.flip_to_deny, CALLED.flip_to_allow, CALLED.error, 'other reasons'];

function unobserved({ unobserved: rows }: ReplaySections): string {
  if (rows === undefined) return '\n**Not observed:** not known without the matrix.\n';
  return `\n**Rows not observed:** ${rows.length === 0 ? 'none' : rows.map(code).join(', ')}\n`;
}

function examples({ report }: Comparable): string {
  const rows = report.examples.map(({ decision, comparison, hop, agent, before, after }) => [
    code(decision),
    CALLED[comparison],
    code(hop),
    code(agent),
    code(`${before} -> ${after}`),
  ]);
  return table('Examples', ['decision', 'change', 'hop', 'agent', 'reasons'], rows);
}

function figures(rows: readonly Row[], isCode = false): readonly (readonly string[])[] {
  return rows.map(([what, count]) => [String(count), isCode ? code(what) : what]);
}

function groupRows(rows: readonly GroupRow[]): readonly (readonly string[])[] {
  return rows.map(([name, { flip_to_deny, flip_to_allow, error, reason }]) => [
    code(name),
    ...[flip_to_deny, flip_to_allow, error, reason].map((count) => (count === 0 ? '' : String(count))),
  ]);
}

function table(title: string, heads: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '';
  return `\n**${title}**\n\n${line(heads)}${line(heads.map(() => '---'))}${rows.map(line).join('')}`;
}

function line(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
}

/** Names come from records, so that none may become markup. */
function code(name: string): string {
  return `\`${name.replaceAll(/[`\r\n]/g, ' ')}\``;
}

function escaped(text: string): string {
  return text.replaceAll(/[\\`*_{}[\]<>#|]/g, '\\$&');
}
