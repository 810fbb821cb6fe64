import { canMatchSame } from '../can-match-same.ts';
import { fallbackOf } from '../fallback-of.ts';
import type { HopFile, MatrixFile } from '../schema.ts';
import type { Contradiction } from './contradiction.ts';

/**
 * One request has one row (threats E22). With `routing: explicit` the Envoy route chooses between overlapping templates,
 * so only templates of the same shape are a contradiction.
 */
export function* checkOverlaps({ hops, routing }: MatrixFile): Generator<Contradiction> {
  const rows = Object.entries(hops);
  for (const [index, [id, hop]] of rows.entries()) {
    const paths = routing === 'match' ? 'overlap' : 'same';
    const other = rows
      .slice(0, index)
      .find(([earlier, row]) => canMatchSame(row, hop, paths) && !isFallback([earlier, row], [id, hop]));
    if (other === undefined) continue;
    const message = `row "${other[0]}" is for the same requests; one request has one row`;
    yield { keys: ['hops', id, 'match'], message };
  }
}

/** A row that another one degrades to is for the same requests on purpose: no route names it. */
function isFallback([a, left]: [string, HopFile], [b, right]: [string, HopFile]): boolean {
  return fallbackOf(left) === b || fallbackOf(right) === a;
}
