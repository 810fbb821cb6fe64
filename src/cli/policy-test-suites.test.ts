import { describe, expect, it } from 'vitest';
import { EXAMPLE_INPUT } from '../../test/fixtures/policy-input.ts';
import { BundleError } from '../policy/bundle.ts';
import type { Policy } from '../policy/policy.ts';
import type { Cell } from '../policy-suite/suite.ts';
import { judgeSuiteCell } from './policy-test-suites.ts';

const ALLOW = { allow: true, reasons: [{ code: 'ok', message: 'It may.' }] };
const CELL: Cell = {
  id: 'suite/test/a/p/x/g',
  file: 'a_suite.yaml',
  where: 'a_suite.yaml:12:5',
  input: EXAMPLE_INPUT,
  expected: { outcome: 'allow' },
};

function policyThat(says: unknown): Policy {
  return { revision: 'r', entrypoint: 'behalf/authz/decision', evaluate: () => says, budget: 1, lastTicks: 0 };
}

describe('a cell of a suite', () => {
  it('passes where it comes to what is expected, and OPA says the same', () => {
    expect(judgeSuiteCell(CELL, policyThat(ALLOW), { said: ALLOW })).toMatchObject({
      status: 'passed',
      kind: 'cell',
      file: 'a_suite.yaml',
      row: 12,
      column: 5,
    });
  });

  it('shows what was expected, what came, and what policies decide on', () => {
    const denial = { allow: false, reasons: [{ code: 'no', message: 'It may not.' }] };
    const { status, lines } = judgeSuiteCell(CELL, policyThat(denial), { said: denial });
    expect(status).toBe('failed');
    expect(lines.slice(0, 2)).toEqual(['expected  allow', 'got       deny no "It may not."']);
    expect(lines).toContain('input.actor.agent = "procurement"');
    expect(lines).toContain('input.time = "2026-11-30T00:53:20.250Z"');
    expect(lines.join('\n')).not.toContain('mcp');
  });

  it('says which fault it came to, where an outcome was expected', () => {
    const { lines } = judgeSuiteCell(CELL, policyThat(undefined), {});
    expect(lines[1]).toBe('got       fault (policy_undefined: behalf/authz/decision is undefined for this input)');
  });

  it.each([
    ['says something else', { said: { ...ALLOW, reasons: [] } }, 'OPA says {"allow":true,"reasons":[]}'],
    ['says nothing', {}, 'OPA says undefined'],
    ['fails', { error: 'conflict' }, 'OPA fails: conflict'],
  ])('disagrees where OPA %s, though the expectation holds [P17]', (_, opa, line) => {
    const { status, lines } = judgeSuiteCell(CELL, policyThat(ALLOW), opa);
    expect({ status, first: lines[0] }).toEqual({ status: 'disagreed', first: expect.stringContaining(line) });
  });

  it('is not run, and says so, where the policy does not load', () => {
    const built = new BundleError('bundle_invalid', 'it does not compile');
    expect(judgeSuiteCell(CELL, built, {})).toMatchObject({
      status: 'unrunnable',
      lines: ['not run: it does not compile'],
    });
    expect(judgeSuiteCell(CELL, undefined, {}).status).toBe('unrunnable');
  });
});
