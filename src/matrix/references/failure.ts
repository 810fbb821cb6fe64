import { canMatchAll } from '../can-match-all.ts';
import { fallbackOf } from '../fallback-of.ts';
import type { HopFile, MatrixFile } from '../schema.ts';
import type { Contradiction } from './contradiction.ts';
import { unknown } from './unknown.ts';

const READS = ['GET', 'HEAD'];

/**
 * A row may degrade to one that takes the very same requests, only reads, enforces, and does not degrade in turn, so that
 * there is no chain and no cycle (design §1.5, §4). Whether it asks for less is judged by lint (`degrade-not-narrower`).
 */
export function* checkFailure({ hops, routing }: MatrixFile, id: string, hop: HopFile): Generator<Contradiction> {
  const to = fallbackOf(hop);
  if (to === undefined) return;
  const keys = ['onFailure', 'degrade', 'to'];
  const target = Object.hasOwn(hops, to) ? hops[to] : undefined;
  if (target === undefined) {
    yield { keys, message: unknown('row', to, hops) };
    return;
  }
  if (to === id) yield { keys, message: 'this is the row itself' };
  if (routing === 'match')
    yield { keys, message: 'needs routing: explicit, as match alone cannot choose between two rows for one request' };
  if (fallbackOf(target) !== undefined) yield { keys, message: `row "${to}" degrades too; one step is all there is` };
  // An observed row lets pass what it refuses: a fault would open more than the row ever did (design §1.5).
  if (target.rollout.mode === 'observe')
    yield { keys, message: `row "${to}" is only observed (rollout); a fallback enforces` };
  if (target.match.methods?.some((method) => !READS.includes(method)))
    yield { keys, message: `row "${to}" does more than GET and HEAD; a fallback only reads` };
  else if (!canMatchAll(target, hop))
    yield { keys, message: `row "${to}" is not for the same requests: protocol, hosts, methods and path must cover` };
}
