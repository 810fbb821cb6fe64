import { visible } from '../matrix/render/visible.ts';
import type { Learned } from './matrix-learn.ts';

/** The draft, and below it, as comments, what else was learnt: one file that is still YAML. */
export function learnedText({ tally, draft, unused }: Learned): string {
  const { records, first, last, connections, beyond, rows } = tally;
  const span = records === 0 ? '' : ` from ${first} to ${last}`;
  const observed = [...rows].flatMap(([hop, use]) =>
    [...use.observed].map(([reason, count]) => `${hop}: ${reason}, ${count} times`),
  );
  const lines = [
    `${records} records${span}`,
    draft.yaml === '' ? 'Nothing to draft: no known caller was without a row.' : '',
    ...(draft.strangers > 0
      ? [`Not drafted: ${draft.strangers} kinds of requests that nobody known made, or that no row can be for.`]
      : []),
    ...(beyond > 0 ? [`Not drafted: ${beyond} requests of further kinds; draft these first.`] : []),
    ...(connections > 0 ? [`Not drafted: ${connections} connections without a row; records do not say where to.`] : []),
    ...list('Let pass by rows that are only observed', observed),
    ...list('Rows that nothing used', unused?.rows),
    ...list('Agents that never came to a row that names them', unused?.agents),
    ...list('Scopes that only unused rows demand', unused?.scopes),
    ...list('Live grants that nothing used', unused?.grants),
    unused !== undefined && unused.grants === undefined
      ? 'Grants were not looked at: no store that lasts is known.'
      : '',
  ].filter((line) => line !== '');
  const comments = lines.map((line) => `# ${line}\n`).join('');
  return draft.yaml === '' ? comments : `${draft.yaml}\n${comments}`;
}

function list(title: string, items: readonly string[] | undefined): readonly string[] {
  if (items === undefined || items.length === 0) return [];
  return [`${title}:`, ...items.map((item) => `  ${visible(item)}`)];
}
