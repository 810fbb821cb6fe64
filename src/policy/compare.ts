import type { Comparison, Verdict } from './verdict.ts';

/**
 * Compares what a candidate says with what the live policy said. A candidate that fails is an `error`, whatever the live
 * one said: it must be seen before it decides.
 */
export function compareVerdicts(live: Verdict, candidate: Verdict): Comparison {
  if (candidate.isFault) return 'error';
  if (live.allow !== candidate.allow) return candidate.allow ? 'flip_to_allow' : 'flip_to_deny';
  const isSame =
    live.code === candidate.code &&
    live.reasons.join() === candidate.reasons.join() &&
    (live.extras ?? candidate.extras) === (candidate.extras ?? live.extras);
  return isSame ? 'agree' : 'reason';
}
