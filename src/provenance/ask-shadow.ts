import type { Decided, Shadow, Shadowed } from '../policy/shadow.ts';
import { liveVerdict } from './live-verdict.ts';
import type { Trail } from './trail.ts';

/**
 * Has the candidate asked, where there is one, policy was asked, and the Check is in the sample. Which Checks are is
 * fixed by their ids: the same share on every replica, and the same Checks when asked again.
 * @param done told once, maybe before this returns: what the candidate said, or undefined where it was too busy
 * @returns whether it was
 */
export function askShadow(
  trail: Trail,
  shadow: Shadow | undefined,
  done: (shadowed: Shadowed | undefined) => void,
): boolean {
  const candidate = trail.live?.shadow;
  if (shadow === undefined || candidate === undefined || 'failure' in candidate) return false;
  const { asked } = trail;
  const live = liveVerdict(trail);
  if (asked === undefined || live === undefined || !isSampled(trail.decisionId, candidate.sample)) return false;
  const decided: Decided = { first: asked.input, text: asked.text, calls: trail.routed?.mcp, live };
  shadow.ask(candidate, decided, done);
  return true;
}

/** The first 32 bits of a random UUID, as a number from 0 to 1. */
function isSampled(decisionId: string, sample: number): boolean {
  return Number.parseInt(decisionId.slice(0, 8), 16) < sample * 2 ** 32;
}
