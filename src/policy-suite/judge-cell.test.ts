import { describe, expect, it } from 'vitest';
import { EXAMPLE_INPUT } from '../../test/fixtures/policy-input.ts';
import type { Policy } from '../policy/policy.ts';
import { Refusal } from '../refusals.ts';
import { judgeCell } from './judge-cell.ts';
import type { Answer } from './suite-schema.ts';

function policyThat(says: () => unknown): Policy {
  return { revision: 'r', entrypoint: 'behalf/authz/decision', evaluate: says, budget: 1, lastTicks: 0 };
}

const place = { id: 'x', file: 'f', where: 'f:1:1', input: EXAMPLE_INPUT };
const judge = (says: unknown, expected: Answer) =>
  judgeCell(
    policyThat(() => says),
    { ...place, expected },
  );
const reason = (code: string) => ({ code, message: 'm' });
const denial = { allow: false, reasons: [reason('b'), reason('a')] };

describe('a cell', () => {
  it.each([
    ['an allow', { allow: true, reasons: [] }, 'allow'],
    ['a denial', denial, 'deny'],
    ['a demand for approval', { ...denial, approval: { fields: [], message: 'Ask.' } }, 'approval'],
    ['nothing', undefined, 'fault'],
    ['no decision', { allow: 'yes' }, 'fault'],
  ] as const)('comes to one outcome and to no other: %s', (_, says, outcome) => {
    for (const expected of ['allow', 'deny', 'approval', 'fault'] as const) {
      expect(judge(says, { outcome: expected }).wrong).toEqual(expected === outcome ? [] : ['outcome']);
    }
  });

  it('takes no fault for a denial, whatever the fault is [P01, P02]', () => {
    const trapping = policyThat(() => {
      throw new Refusal('policy_trap', 'it trapped');
    });
    const { got, wrong } = judgeCell(trapping, { ...place, expected: { outcome: 'deny' } });
    expect({ got, wrong }).toMatchObject({
      got: { outcome: 'fault', refusal: 'policy_trap', detail: 'it trapped' },
      wrong: ['outcome'],
    });
  });

  it('compares all codes, in any order', () => {
    expect(judge(denial, { outcome: 'deny', reasons: ['a', 'b'] }).wrong).toEqual([]);
    expect(judge(denial, { outcome: 'deny', reasons: ['a'] }).wrong).toEqual(['reasons']);
    expect(judge(denial, { outcome: 'deny', reasons: [] }).wrong).toEqual(['reasons']);
  });

  it('compares the refusal, headers and metadata where they are expected', () => {
    expect(judge(undefined, { outcome: 'fault', refusal: 'policy_trap' }).wrong).toEqual(['refusal']);
    expect(judge(undefined, { outcome: 'fault', refusal: 'policy_undefined' }).wrong).toEqual([]);
    const allow = { allow: true, reasons: [], headers: { 'x-a': '1' }, metadata: { tier: 'gold' } };
    expect(judge(allow, { outcome: 'allow', headers: { 'x-a': '1' }, metadata: { tier: 'gold' } }).wrong).toEqual([]);
    expect(judge(allow, { outcome: 'allow', headers: {}, metadata: { tier: 'x' } }).wrong).toEqual([
      'headers',
      'metadata',
    ]);
    expect(judge(denial, { outcome: 'deny', headers: {} }).wrong).toEqual([]);
  });
});
