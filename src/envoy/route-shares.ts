import { fallbackOf } from '../matrix/fallback-of.ts';
import type { Hop } from '../matrix/hop.ts';
import { templateShape } from '../matrix/template-shape.ts';

/** Methods of one path, and the rows that all have them. */
export interface RouteShare {
  readonly rows: readonly [Hop, ...Hop[]];
  readonly methods: readonly string[];
}

/**
 * The routes that the rows of one host need: for each path the methods that are one row's alone, and those that several
 * rows share. A row that others degrade to is for the same requests on purpose: it has no part in what they share, and
 * its other routes come last.
 */
export function routeShares(hops: readonly Hop[]): readonly RouteShare[] {
  const paths = grouped(hops, ({ match }) => JSON.stringify([match.path && templateShape(match.path), match.topic]));
  const shares = paths.flatMap((rows) => {
    const methods = [...new Set(rows.flatMap(({ match }) => match.methods))];
    const sharing = (method: string) => {
      const all = rows.filter(({ match }) => match.methods.includes(method));
      return all.filter((hop) => !isFallback(hop, all));
    };
    return grouped(methods, (method) => JSON.stringify(sharing(method).map(({ id }) => id))).map((same) => ({
      rows: sharing(same[0]) as [Hop, ...Hop[]],
      methods: same,
    }));
  });
  const [first, last] = [false, true].map((is) => shares.filter(({ rows }) => isFallback(rows[0], hops) === is));
  return [...(first ?? []), ...(last ?? [])];
}

/** True where one of these rows degrades to this one: Behalf finds it then, and no route names it. */
function isFallback({ id }: Hop, hops: readonly Hop[]): boolean {
  return hops.some((hop) => fallbackOf(hop) === id);
}

function grouped<Item>(list: readonly Item[], keyOf: (item: Item) => string): readonly [Item, ...Item[]][] {
  const groups = new Map<string, [Item, ...Item[]]>();
  for (const item of list) {
    const key = keyOf(item);
    groups.set(key, [...(groups.get(key) ?? []), item] as unknown as [Item, ...Item[]]);
  }
  return [...groups.values()];
}
