import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { inputFor } from '../../../test/fixtures/policy-input.ts';
import { Refusal } from '../../refusals.ts';
import { readBundle } from '../bundle.ts';
import type { Policy } from '../policy.ts';
import { type CompileOptions, compilePolicy } from '../wasm.ts';
import type { HostBuiltin } from './builtin.ts';
import { RegoSet } from './value.ts';

/** A policy of test/fixtures/policies, with the builtins that production has unless others are given. */
async function fixture(name: string, builtins?: CompileOptions['builtins'], budget?: number): Promise<Policy> {
  const path = new URL(`../../../test/fixtures/policies/${name}/bundle.tar.gz`, import.meta.url);
  const bundle = readBundle(readFileSync(path));
  return compilePolicy({
    bundle,
    entrypoint: 'behalf/authz/decision',
    ...(builtins && { builtins }),
    ...(budget && { budget }),
  });
}

/** So many ticks that only the host itself says no. */
const PLENTY = 1_000_000_000;

function ask(policy: Policy, body: unknown): unknown {
  return policy.evaluate(JSON.stringify(inputFor('any', body)));
}

function refusal(policy: Policy, body: unknown): string {
  try {
    ask(policy, body);
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
  throw new Error('it was not refused');
}

/** The fixture's builtins, one of them another. */
function instead(name: string, answer: HostBuiltin): CompileOptions['builtins'] {
  const rest = [
    'sprintf',
    'object.subset',
    'net.cidr_expand',
    'units.parse',
    'strings.any_prefix_match',
    'semver.is_valid',
  ];
  return { ...Object.fromEntries(rest.map((each) => [each, () => true])), [name]: answer };
}

function paysAtOnce(_: readonly unknown[], spend: (ticks: number) => void): true {
  spend(2_000_000);
  return true;
}

/** One tick at a time, twice as many as there are. */
function paysOften(_: readonly unknown[], spend: (ticks: number) => void): true {
  for (let at = 0; at < 2_000_000; at++) spend(1);
  return true;
}

describe('a builtin of the host', () => {
  it('is given what JSON cannot say, and gives it back: sets, keys of any type, long integers [P17]', async () => {
    expect(ask(await fixture('host-values'), { name: 'good' })).toEqual({
      allow: true,
      reasons: [],
      metadata: {
        printed: '{{1, "a"}: {2}} 9007199254740993 set()',
        subset: true,
        type: 'set',
        long: '9007199254740993',
        hosted: 0,
        native: 0,
      },
    });
  });

  it('is ours though the SDK has one of the same name, which answers otherwise [P17]', async () => {
    expect(ask(await fixture('sprintf'), {})).toMatchObject({ metadata: { text: '{"department": "finance"}' } });
    expect(ask(await fixture('sprintf', { sprintf: () => 'ours' }), {})).toMatchObject({ metadata: { text: 'ours' } });
  });

  it('makes no negation true by a wrong type, as one that is compiled in does [P03]', async () => {
    const policy = await fixture('host-values');
    expect(ask(policy, { name: 'bad one' })).toMatchObject({ allow: false });
    for (const name of [1, null, {}, true]) expect(refusal(policy, { name })).toBe('policy_builtin_error');
    expect(ask(policy, { name: 'good' })).toMatchObject({ allow: true });
  });

  it.each([
    ['throws', () => Number('x').toFixed(-1)],
    ['gives back what is no value', () => Number.NaN],
    ['gives back what is no Unicode', () => '\ud800'],
    ['gives back too much', () => 'x'.repeat(300_000)],
  ])('is a policy_builtin_error where it %s, and the next evaluation is clean [P03, P06]', async (_, answer) => {
    let isBroken = true;
    const policy = await fixture(
      'host-values',
      instead('units.parse', () => (isBroken ? answer() : 1)),
      PLENTY,
    );
    expect(refusal(policy, { name: 'a' })).toBe('policy_builtin_error');
    isBroken = false;
    expect(ask(policy, { name: 'a' })).toMatchObject({ metadata: { long: '1' } });
  });

  it('is undefined where it says nothing, as in OPA', async () => {
    const policy = await fixture(
      'host-values',
      instead('net.cidr_expand', () => undefined),
    );
    expect(ask(policy, { name: 'a' })).toBeUndefined();
  });

  it('is a policy_builtin_error where it is given too much [P07]', async () => {
    const policy = await fixture('host-values', undefined, PLENTY);
    expect(ask(policy, { name: 'x'.repeat(250_000) })).toMatchObject({ allow: true });
    expect(refusal(policy, { name: 'x'.repeat(300_000) })).toBe('policy_builtin_error');
  });

  it.each<readonly [string, HostBuiltin]>([
    ['before it begins', paysAtOnce],
    ['as it goes on', paysOften],
  ])('is paid for from the budget, %s: past it, the evaluation is a policy_timeout [P07]', async (_, answer) => {
    const policy = await fixture('host-values', instead('object.subset', answer));
    expect(refusal(policy, { name: 'a' })).toBe('policy_timeout');
    expect(policy.lastTicks).toBeGreaterThan(policy.budget);
  });

  it('does not begin where what it will take is more than is left [P07]', async () => {
    let hasBegun = false;
    const answer: HostBuiltin = (_, spend) => {
      spend(2_000_000);
      return (hasBegun = true);
    };
    const policy = await fixture('host-values', instead('object.subset', answer));
    expect(refusal(policy, { name: 'a' })).toBe('policy_timeout');
    expect(hasBegun).toBe(false);
  });

  it('costs 200 ticks by itself, and more for more text [P07]', async () => {
    const policy = await fixture('host-values');
    const ticks = (body: object) => {
      ask(policy, { name: 'a', hosted: [], native: [], ...body });
      return policy.lastTicks;
    };
    const many = Array<number>(100).fill(1);
    expect(ticks({ hosted: many, native: [] }) - ticks({ hosted: [], native: many })).toBeGreaterThan(100 * 200);
    expect(ticks({ name: 'a'.repeat(10_000) })).toBeGreaterThan(ticks({}) + 2500);
  });

  it('is handed sets as sets', async () => {
    let given: unknown;
    const policy = await fixture(
      'host-values',
      instead('object.subset', ([whole]) => Boolean((given = whole))),
    );
    ask(policy, { name: 'a' });
    expect(given).toBeInstanceOf(RegoSet);
    expect((given as RegoSet).members.sort()).toEqual([1, 2, 3]);
  });
});
