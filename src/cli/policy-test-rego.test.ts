import { describe, expect, it } from 'vitest';
import { BundleError } from '../policy/bundle.ts';
import type { Policy } from '../policy/policy.ts';
import { Refusal } from '../refusals.ts';
import type { OpaTest } from './opa-tests.ts';
import { entrypointOf, judgeRego } from './policy-test-rego.ts';

const TEST: OpaTest = {
  location: { file: 'a_test.rego', row: 3, col: 1 },
  package: 'data.behalf.authz_test',
  name: 'test_x',
};

function ruleThat(says: () => unknown): Policy {
  return { revision: 'r', entrypoint: 'behalf/authz_test/test_x', evaluate: says, budget: 1, lastTicks: 0 };
}

const judge = (opa: Partial<OpaTest>, says: () => unknown) => judgeRego({ ...TEST, ...opa }, ruleThat(says), 1, '.');
const trap = () => {
  throw new Refusal('policy_builtin_error', 'the builtin x failed');
};

describe('a Rego test in our runtime', () => {
  it('passes where both say true', () => {
    expect(judge({}, () => true)).toMatchObject({
      status: 'passed',
      id: 'behalf.authz_test.test_x',
      row: 3,
      lines: [],
    });
  });

  it.each([
    ['undefined', () => undefined],
    ['false', () => false],
    ['text', () => 'true'],
    ['a failure', trap],
  ])('fails where OPA fails, and the runtime says %s', (_, says) => {
    expect(judge({ fail: true }, says).status).toBe('failed');
  });

  it('is a disagreement where OPA passes and the runtime does not [P03, P17]', () => {
    expect(judge({}, () => undefined)).toMatchObject({
      status: 'disagreed',
      lines: ["OPA passes, Behalf's runtime fails: undefined"],
    });
    expect(judge({}, trap).lines).toEqual([
      "OPA passes, Behalf's runtime fails: policy_builtin_error: the builtin x failed",
    ]);
  });

  it('is a disagreement where OPA fails and the runtime passes [P17]', () => {
    expect(judge({ fail: true }, () => true)).toMatchObject({ status: 'disagreed' });
    expect(judge({ error: { message: 'conflict' } }, () => true).lines).toEqual([
      "OPA fails, Behalf's runtime passes; in OPA's interpreter it fails: conflict",
    ]);
  });

  it('compares case by case', () => {
    const cases = { one: {}, two: {} };
    expect(judge({ sub_results: cases }, () => ({ one: true, two: true })).status).toBe('passed');
    expect(judge({ sub_results: cases }, () => ['one', 'two']).status).toBe('passed');
    expect(judge({ sub_results: cases }, () => ({ one: true })).lines).toEqual([
      `OPA passes, Behalf's runtime fails: does not hold for "two"`,
    ]);
    const failing = { one: {}, two: { fail: true } };
    expect(judge({ sub_results: failing, fail: true }, () => ({ one: true })).status).toBe('failed');
    expect(judge({ sub_results: { a: { sub_results: cases } } }, () => ({ a: { one: true } })).lines[0]).toContain(
      '"a/two"',
    );
  });

  it.each([
    ['what does not compile', new BundleError('bundle_builtin_missing', 'the builtin y does not exist here')],
    ['what was not compiled', undefined],
  ])('is never passed over in silence: %s [P04]', (_, built) => {
    expect(judgeRego(TEST, built, 1, '.')).toMatchObject({
      status: 'unrunnable',
      lines: [/not run/, /passes in OPA/].map((each) => expect.stringMatching(each) as unknown),
    });
  });

  it('is not run where two rules have its name, of which one could fail unseen', () => {
    const result = judgeRego(
      { ...TEST, name: 'test_x#01', fail: true },
      ruleThat(() => true),
      2,
      '.',
    );
    expect(result).toMatchObject({
      status: 'unrunnable',
      lines: [expect.stringContaining('2 rules have this name'), expect.anything()],
    });
    expect(entrypointOf({ ...TEST, name: 'test_x#01' })).toBe(entrypointOf(TEST));
  });

  it('is skipped where its author says todo_', () => {
    expect(judgeRego({ ...TEST, skip: true }, undefined, 1, '.').status).toBe('skipped');
  });

  it('shows what it printed', () => {
    const output = Buffer.from('x is 3\ny is 4\n').toString('base64');
    expect(judge({ fail: true, output }, () => undefined).lines).toContain('print: y is 4');
  });
});
