import { Refusal } from '../refusals.ts';
import type { Asked } from './asked.ts';
import type { PolicyInput } from './input.ts';
import type { Outcome } from './outcome.ts';
import type { Policy } from './policy.ts';
import { type ApprovalDemand, readResult } from './result.ts';

/**
 * Asks the policy, and takes only a well-formed `allow: true` for an allow (design §6; threats P01, P02, P16).
 * @throws Refusal `policy_denied`, `approval_required`, `policy_undefined`, `policy_result_invalid`, `policy_trap`,
 *   `policy_timeout`, `policy_builtin_error`
 */
export function decide(policy: Policy, { input, text }: Asked): Outcome {
  requireNumbers(input);
  const said = policy.evaluate(text);
  if (said === undefined) throw new Refusal('policy_undefined', `${policy.entrypoint} is undefined for this input`);
  const { allow, reasons, headers, metadata, approval } = readResult(said, input.token.scopes);
  if (allow) return { allow, reasons, headers, metadata };
  if (approval !== undefined) {
    const remediation = remediationOf(approval);
    throw new Refusal('approval_required', 'the policy demands an approval', { remediation, reasons });
  }
  throw new Refusal('policy_denied', 'the policy says allow: false', { reasons });
}

/**
 * TypeScript guarantees the types of the input: each step before this one builds its part from values whose types it
 * proved. What a type cannot say is that a number is finite. NaN and Infinity become `null` in JSON, and in Rego `null`
 * is less than every number, so that "expires before now" would hold or fail for the wrong reason. What stays untyped is
 * `subject.claims` and `request.body.json`: a policy must check their types itself (docs/divergences.md).
 */
function requireNumbers({ time, token, grant }: PolicyInput): void {
  if (Number.isFinite(time) && Number.isFinite(token.expiresAt) && Number.isFinite(grant?.expiresAt ?? 0)) return;
  throw new Refusal('internal_error', 'a time in the policy input is not a finite number');
}

/** Tells the client what to do next; its parts are bounded and printable. */
function remediationOf({ message, fields }: ApprovalDemand): string {
  return fields.length === 0 ? message : `${message} The approval covers ${fields.join(', ')}.`;
}
