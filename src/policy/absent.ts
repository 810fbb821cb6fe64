import { Refusal } from '../refusals.ts';
import { DEFAULT_BUDGET, type Policy } from './policy.ts';

/** What stands for a policy while none was had yet: it denies everything, and the first one replaces it (threats P12, Y04). */
export function absentPolicy(entrypoint: string): Policy {
  return {
    revision: 'none',
    entrypoint,
    budget: DEFAULT_BUDGET,
    lastTicks: 0,
    evaluate: () => {
      throw new Refusal('not_ready', 'no policy bundle was had yet');
    },
  };
}
