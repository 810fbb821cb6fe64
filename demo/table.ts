import { styleText } from 'node:util';
import type { Played } from './judge.ts';

const HEADINGS = ['call', 'outcome', 'expected', 'reason', 'agent', 'on behalf of', 'decision', 'trace'];
const SHORT_ID = 8;
const SPIFFE_ID = /^spiffe:\/\/(\w+)\.acme\.example\/.*\/([^/]+)$/;

/**
 * The story as a table. Ids are cut to their first 8 digits; `--json` has them whole. An agent with a question mark is
 * who the caller's certificate names, in a call that was refused before Behalf was satisfied of it.
 */
export function table(played: readonly Played[]): string {
  const rows = played.map((row) => [
    row.call,
    `${row.status} ${row.outcome}`,
    row.surprises.length === 0 ? 'yes' : `NO: ${row.expected.status} ${row.expected.reason}`,
    row.reason,
    row.agent ?? nameOf(row.caller),
    row.onBehalfOf ?? '-',
    row.decisionId?.slice(0, SHORT_ID) ?? '-',
    row.traceId?.slice(0, SHORT_ID) ?? '-',
  ]);
  const widths = HEADINGS.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) => cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ');
  return [
    styleText('bold', line(HEADINGS).trimEnd()),
    ...rows.map((row, index) => styleText(colourOf(played[index]), line(row).trimEnd())),
  ].join('\n');
}

function colourOf(row: Played | undefined): 'red' | 'green' | 'yellow' {
  if (row === undefined || row.surprises.length > 0) {
    return 'red';
  }
  return row.outcome === 'allow' ? 'green' : 'yellow';
}

function nameOf(caller: string | undefined): string {
  const [, environment, name] = SPIFFE_ID.exec(caller ?? '') ?? [];
  if (name === undefined) {
    return '-';
  }
  return environment === 'prod' ? `${name}?` : `${name} of ${environment}?`;
}
