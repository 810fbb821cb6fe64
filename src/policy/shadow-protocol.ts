import type { Bundle } from './bundle.ts';
import type { Verdict } from './verdict.ts';

/** One request, as the texts of what policy is asked about it. */
export interface ShadowQuestion {
  readonly id: number;
  readonly inputs: readonly string[];
}

/** To the shadow's thread: a candidate, or what to ask the candidate that it has. */
export type ToShadow =
  | { readonly kind: 'load'; readonly bundle: Bundle; readonly entrypoint: string; readonly budget: number }
  | { readonly kind: 'ask'; readonly questions: readonly ShadowQuestion[] };

/** From it: verdicts, each under its question's id. */
export type FromShadow = readonly (readonly [id: number, verdict: Verdict])[];
