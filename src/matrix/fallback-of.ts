import type { Hop } from './hop.ts';

/** The row that a row degrades to in a fault; undefined where it does not (design §4). */
export function fallbackOf({ onFailure }: Pick<Hop, 'onFailure'>): string | undefined {
  return typeof onFailure === 'object' && 'degrade' in onFailure ? onFailure.degrade.to : undefined;
}
