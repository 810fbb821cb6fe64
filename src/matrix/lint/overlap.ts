import { canMatchSame } from '../can-match-same.ts';
import { fallbackOf } from '../fallback-of.ts';
import type { Draft, World } from './finding.ts';

/**
 * With `routing: explicit` the Envoy route names the row, so that templates may overlap. Then the order of the routes
 * decides who is asked for what, and nobody reviews that. With `routing: match` an overlap is refused at load.
 */
export function* lintOverlap({ file: { hops, routing } }: World): Generator<Draft> {
  if (routing === 'match') return;
  const rows = Object.entries(hops);
  for (const [index, [id, hop]] of rows.entries()) {
    for (const [other, row] of rows.slice(0, index)) {
      if (fallbackOf(row) === id || fallbackOf(hop) === other || !canMatchSame(row, hop, 'overlap')) continue;
      const message = `row "${other}" fits some of the same requests, so that the order of Envoy's routes chooses; make the paths differ`;
      yield { rule: 'overlap', severity: 'warning', hop: id, keys: ['hops', id, 'match'], message };
    }
  }
}
