import type { Verdict } from '../policy/verdict.ts';
import { ALLOWED } from '../refusals.ts';
import type { Trail } from './trail.ts';

/**
 * What the live policy said of a Check: not what became of it, as a later step may refuse what policy allowed.
 * @returns undefined where the Check was refused before policy was asked
 */
export function liveVerdict({ asked, outcome, refusal }: Trail): Verdict | undefined {
  if (asked === undefined) return undefined;
  if (outcome !== undefined) {
    return { allow: true, code: ALLOWED, isFault: false, reasons: codesOf(outcome.reasons), extras: undefined };
  }
  if (refusal === undefined) return undefined;
  const { code } = refusal;
  return {
    allow: false,
    code,
    isFault: code !== 'policy_denied' && code !== 'approval_required',
    reasons: codesOf(refusal.reasons),
    extras: undefined,
  };
}

function codesOf(reasons: readonly { readonly code: string }[]): readonly string[] {
  return [...new Set(reasons.map(({ code }) => code))].sort();
}
