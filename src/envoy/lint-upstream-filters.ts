import { isHarmless } from './is-harmless.ts';
import { items, type Say, type Spot, textAt } from './spot.ts';

/** HTTP filters on the way to an upstream, of a router or of a cluster: they all come after the Check (threats E20). */
export function lintUpstreamFilters(
  filters: Spot,
  { say, about }: { readonly say: Say; readonly about: string },
): void {
  for (const filter of items(filters)) {
    if (!isHarmless(filter)) say('later-filter-reroutes', filter, `${about}, ${textAt(filter, 'name')}`);
  }
}
