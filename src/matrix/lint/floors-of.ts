import type { Hop, RevokedBy } from '../hop.ts';
import { type Floor, revocationFloor } from './revocation-floor.ts';

/** What a row promises of revocation, with the ways that bite equally soon taken together. */
export function floorsOf(
  hop: Hop,
  isDurable: boolean,
): readonly (Floor & { readonly by: readonly [RevokedBy, ...RevokedBy[]] })[] {
  const ways = (hop.revocation?.by ?? []).map((by) => ({ by, ...revocationFloor(hop, by, isDurable) }));
  return [...Map.groupBy(ways, ({ why }) => why).values()].flatMap(([first, ...rest]) =>
    first === undefined ? [] : [{ ...first, by: [first.by, ...rest.map(({ by }) => by)] as const }],
  );
}
