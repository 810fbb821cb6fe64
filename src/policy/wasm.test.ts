import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { EXAMPLE_INPUT, inputFor } from '../../test/fixtures/policy-input.ts';
import { Refusal } from '../refusals.ts';
import { BundleError, readBundle } from './bundle.ts';
import type { Policy } from './policy.ts';
import { type CompileOptions, compilePolicy } from './wasm.ts';

const entrypoint = 'behalf/authz/decision';

function bundleAt(path: string): CompileOptions['bundle'] {
  return readBundle(readFileSync(new URL(`../../${path}/bundle.tar.gz`, import.meta.url)));
}

/** A policy of test/fixtures/policies. */
async function fixture(name: string, builtins: CompileOptions['builtins'] = {}): Promise<Policy> {
  return compilePolicy({ bundle: bundleAt(`test/fixtures/policies/${name}`), entrypoint, builtins });
}

function refusal(run: () => unknown): Refusal {
  try {
    run();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

function fail(): never {
  throw new TypeError('not an object');
}

function evaluating(policy: Policy, body: unknown): () => unknown {
  return () => policy.evaluate(inputFor('any', body));
}

describe('the shipped policy', () => {
  it('answers for the demo', async () => {
    const policy = await compilePolicy({ bundle: bundleAt('policies'), entrypoint });
    expect(policy.evaluate(EXAMPLE_INPUT)).toEqual({
      allow: true,
      reasons: [{ code: 'action_permitted', message: 'procurement may do invoices.read.' }],
    });
    expect(policy.evaluate(inputFor('payments.finalize'))).toMatchObject({
      allow: false,
      approval: { fields: ['/recipient', '/amount'] },
    });
    expect(policy.evaluate(inputFor('customers.read'))).toMatchObject({ allow: false });
    expect(policy.evaluate({ ...EXAMPLE_INPUT, grant: null })).toMatchObject({ allow: false });
    expect(policy.evaluate({ ...EXAMPLE_INPUT, actor: null })).toMatchObject({ allow: false });
  });
});

describe('evaluate', () => {
  it.each(
    [true, false, null, 0, '', 'text', [], {}, { allow: 'yes' }, 1.5, '\u2028\u0000\ud83d\ude00'].map((value) => ({
      value,
    })),
  )('gives back what policy said: $value', async ({ value }) => {
    const policy = await fixture('echo');
    expect(evaluating(policy, value)()).toEqual(value);
  });

  it('is undefined where the rule is undefined (threats P01)', async () => {
    const policy = await fixture('undefined');
    expect(evaluating(policy, {})()).toBeUndefined();
    expect(evaluating(policy, { answer: true })()).toEqual({ allow: true, reasons: [] });
    expect(evaluating(policy, {})()).toBeUndefined();
  });

  it('sets the data of the bundle', async () => {
    const policy = await fixture('traps');
    expect(evaluating(policy, { echo: 'a' })()).toMatchObject({ metadata: { data: 'from data', echo: 'a' } });
  });

  it.each([
    ['takes more memory than there is', { allocate: 5_000_000 }, 'opa_malloc'],
    ['gives one rule two values', { conflict: true }, 'conflict'],
    ['is given text that is not Unicode', '\ud800', 'illegal string escape'],
    ['is given JSON nested too deeply', JSON.parse('['.repeat(50_000) + ']'.repeat(50_000)), 'RangeError'],
  ])('is a policy_trap where it %s, and the next evaluation is clean (threats P06)', async (_, body, detail) => {
    const policy = await fixture('traps');
    for (let round = 0; round < 3; round++) {
      expect(evaluating(policy, { echo: 'a' })()).toMatchObject({ metadata: { data: 'from data', echo: 'a' } });
      const { code, detail: said } = refusal(evaluating(policy, body));
      expect(code).toBe('policy_trap');
      expect(said).toContain(detail);
    }
    expect(evaluating(policy, { echo: 'b' })()).toMatchObject({ metadata: { data: 'from data', echo: 'b' } });
  });

  it('is clean however often it trapped, though each trap leaks some of the stack of its instance (threats P06)', async () => {
    const policy = await fixture('traps');
    const details = new Set(Array.from({ length: 600 }, () => refusal(evaluating(policy, { conflict: true })).detail));
    expect([...details]).toEqual(['traps.rego:17:1: var assignment conflict']);
    expect(evaluating(policy, { echo: 'a' })()).toMatchObject({ metadata: { data: 'from data', echo: 'a' } });
  });

  it('leaves nothing of one request for the next (threats P08)', async () => {
    const policy = await fixture('echo');
    for (let round = 0; round < 300; round++) {
      const body = { round, filler: 'x'.repeat((round * 7919) % 20_000), deep: [[{ a: [round] }]] };
      expect(evaluating(policy, body)()).toEqual(body);
    }
  });
});

describe('a builtin that the host does not have', () => {
  it('is refused at load, by name, file and replacement (threats P04)', async () => {
    const loading = fixture('host-builtins');
    await expect(loading).rejects.toBeInstanceOf(BundleError);
    await expect(loading).rejects.toThrow(/builtin object\.subset \(host\.rego\) does not exist here: write `every /);
    await expect(loading).rejects.toThrow(/builtin units\.parse \(host\.rego\) does not exist here: work it out/);
  });

  it('is refused though the SDK has one of its own, which is not OPA\u2019s', async () => {
    const message = /sprintf \(sprintf\.rego\) does not exist here: write string interpolation: \$"/;
    await expect(fixture('sprintf')).rejects.toThrow(message);
    await expect(fixture('sprintf', { sprintf: () => 'ours' })).rejects.toThrow(message);
  });
});

describe('a builtin that the host has', () => {
  const builtins = { 'units.parse': (): unknown => 1000, 'object.subset': (): unknown => true };

  it('is called, and only those that are missing are refused', async () => {
    const policy = await fixture('host-builtins', builtins);
    expect(evaluating(policy, {})()).toEqual({ allow: false, reasons: [], metadata: { size: '1000' } });
    await expect(fixture('host-builtins', { 'object.subset': () => true })).rejects.not.toThrow('object.subset');
  });

  it('is a policy_builtin_error where it fails, and never an allow (threats P03)', async () => {
    const policy = await fixture('host-builtins', { ...builtins, 'object.subset': fail });
    const { code, detail } = refusal(evaluating(policy, {}));
    expect(code).toBe('policy_builtin_error');
    expect(detail).toContain('object.subset');
  });
});

describe('a manifest that names an entrypoint which the module does not have', () => {
  it('is refused: the two are not of one build (threats P09)', async () => {
    const bundle = { ...bundleAt('policies'), entrypoints: [entrypoint, 'behalf/authz/other'] };
    await expect(compilePolicy({ bundle, entrypoint })).rejects.toThrow(
      '.manifest names the entrypoint behalf/authz/other',
    );
  });
});

describe('what docs/divergences.md says', () => {
  it('holds: the negation of a builtin that meets a wrong type is true', async () => {
    const policy = await fixture('divergences');
    expect(evaluating(policy, { name: 'bad one', number: 1 })()).toMatchObject({ allow: false });
    expect(evaluating(policy, { name: 1, number: 1 })()).toMatchObject({ allow: true });
  });

  it('holds: an integer past 2^53 loses digits on its way through JavaScript, and keeps them inside Rego', async () => {
    const policy = await fixture('divergences');
    const body: unknown = JSON.parse('{"name": "a", "number": 9007199254740993}');
    const metadata = { sum: 9007199254740992, digits: '9007199254740993' };
    expect(evaluating(policy, body)()).toMatchObject({ metadata });
  });
});

describe('a module that OPA did not build', () => {
  const bundle = bundleAt('test/fixtures/policies/echo');
  const empty = Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);

  it.each([
    ['has no exports', empty, 'does not export opa_wasm_abi_version'],
    ['does not compile', Uint8Array.from([...empty, 1, 2, 3]), 'does not compile'],
    ['is cut off', bundle.wasm.slice(0, 9000), 'does not compile'],
  ])('is refused where it %s', async (_, wasm, named) => {
    const loading = compilePolicy({ bundle: { ...bundle, wasm }, entrypoint });
    await expect(loading).rejects.toBeInstanceOf(BundleError);
    await expect(loading).rejects.toThrow(named);
  });
});
