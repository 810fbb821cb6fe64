import type { Trail } from './trail.ts';

/** How a Check ended. `degrade`: allowed by another row, because of a fault. `observe`: refused, and let pass. */
export type OutcomeWord = 'allow' | 'deny' | 'degrade' | 'observe';

/** The one word for how a Check ended, wherever it is written (design §3, §9). */
export function outcomeOf({ refusal, observed, fallback }: Trail): OutcomeWord {
  if (refusal !== undefined) return observed === true ? 'observe' : 'deny';
  return fallback === undefined ? 'allow' : 'degrade';
}
