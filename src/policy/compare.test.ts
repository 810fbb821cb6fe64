import { expect, it } from 'vitest';
import { compareVerdicts } from './compare.ts';
import type { Verdict } from './verdict.ts';

const ALLOW: Verdict = { allow: true, code: 'allowed', isFault: false, reasons: ['ok'], extras: '[]' };
const DENY: Verdict = { allow: false, code: 'policy_denied', isFault: false, reasons: ['no'], extras: '' };
const TRAP: Verdict = { allow: false, code: 'policy_trap', isFault: true, reasons: [], extras: '' };

it.each([
  ['agree', ALLOW, ALLOW],
  ['agree', DENY, DENY],
  ['flip_to_deny', ALLOW, DENY],
  ['flip_to_allow', DENY, ALLOW],
  ['flip_to_allow', TRAP, ALLOW],
  ['reason', ALLOW, { ...ALLOW, reasons: ['other'] }],
  ['reason', DENY, { ...DENY, code: 'approval_required' }],
  ['reason', ALLOW, { ...ALLOW, extras: '["x-tier"]' }],
  // What is not known of the live one, such as the headers of a recorded allow, is no difference.
  ['agree', { ...ALLOW, extras: undefined }, ALLOW],
  ['error', ALLOW, TRAP],
  ['error', DENY, TRAP],
  ['error', TRAP, TRAP],
] as const)('says %s', (comparison, live, candidate) => {
  expect(compareVerdicts(live, candidate)).toBe(comparison);
});
