import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { assemble, leb, name } from '../../test/fakes/wasm-assembler.ts';
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
async function fixture(name: string, builtins: CompileOptions['builtins'] = {}, budget?: number): Promise<Policy> {
  const bundle = bundleAt(`test/fixtures/policies/${name}`);
  return compilePolicy({ bundle, entrypoint, builtins, ...(budget === undefined ? {} : { budget }) });
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

/** Deeper than what `JSON.stringify` writes. */
const NESTED = '['.repeat(50_000) + ']'.repeat(50_000);

function evaluating(policy: Policy, body: unknown): () => unknown {
  return () => policy.evaluate(JSON.stringify(inputFor('any', body)).replace('"nested"', NESTED));
}

describe('the shipped policy', () => {
  it('answers for the demo', async () => {
    const policy = await compilePolicy({ bundle: bundleAt('policies'), entrypoint });
    expect(policy.evaluate(JSON.stringify(EXAMPLE_INPUT))).toEqual({
      allow: true,
      reasons: [{ code: 'action_permitted', message: 'procurement may do invoices.read.' }],
    });
    expect(policy.evaluate(JSON.stringify(inputFor('payments.finalize')))).toMatchObject({
      allow: false,
      approval: { fields: ['/recipient', '/amount'] },
    });
    expect(policy.evaluate(JSON.stringify(inputFor('customers.read')))).toMatchObject({ allow: false });
    expect(policy.evaluate(JSON.stringify({ ...EXAMPLE_INPUT, grant: null }))).toMatchObject({ allow: false });
    expect(policy.evaluate(JSON.stringify({ ...EXAMPLE_INPUT, actor: null }))).toMatchObject({ allow: false });
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
    ['is given JSON nested too deeply', 'nested', 'RangeError'],
  ])('is a policy_trap where it %s, and the next evaluation is clean [P05, P06]', async (_, body, detail) => {
    // With so many ticks memory ends first.
    const policy = await fixture('traps', {}, 100_000_000);
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

describe('an evaluation that runs away', () => {
  const ordinary = { metadata: { bomb: 'none' } };

  it.each([
    ['pairs', 3000],
    ['square', 3000],
    ['allocate', 5_000_000],
    ['double', 200],
    ['walk', 1000],
    ['regex', 20_000],
    ['hash', 100_000],
  ])('by %s is cut off as policy_timeout, and the next one is clean [P05, P06, P07]', async (bomb, size) => {
    const policy = await fixture('hostile');
    for (let round = 0; round < 3; round++) {
      const { code, detail } = refusal(evaluating(policy, { bomb, size }));
      expect(code).toBe('policy_timeout');
      expect(detail).toBe('it took more than the 1000000 ticks of policy.budget');
      expect(policy.lastTicks).toBeGreaterThan(policy.budget);
      expect(evaluating(policy, {})()).toMatchObject(ordinary);
      expect(policy.lastTicks).toBeLessThan(policy.budget / 100);
    }
  });

  it('does not take memory from those after it, however often it happens [P05]', async () => {
    const policy = await fixture('hostile');
    // Each takes some ten of the 64 MiB: what was not given back would end the policy soon.
    const codes = Array.from({ length: 60 }, () => refusal(evaluating(policy, { bomb: 'walk', size: 1000 })).code);
    expect(new Set(codes)).toEqual(new Set(['policy_timeout']));
    expect(evaluating(policy, {})()).toMatchObject(ordinary);
  });

  it('by a number of more digits than the stack of the module holds is a policy_trap, and the next one is clean [P06]', async () => {
    const policy = await fixture('hostile');
    expect(refusal(evaluating(policy, { bomb: 'digits', size: 2000 })).code).toBe('policy_trap');
    expect(evaluating(policy, {})()).toMatchObject(ordinary);
  });

  it('is left alone where it stays within its budget, whose headroom can be read [P07]', async () => {
    const [little, much] = await Promise.all([fixture('hostile', {}, 10_000), fixture('hostile', {}, 10_000_000)]);
    const body = { bomb: 'pairs', size: 100 };
    expect(refusal(evaluating(little, body)).code).toBe('policy_timeout');
    // No pair fits, so that the rule is undefined.
    expect(evaluating(much, body)()).toBeUndefined();
    expect(much.lastTicks).toBeGreaterThan(10_000);
    expect(much.lastTicks).toBeLessThan(much.budget);
    evaluating(much, {})();
    const { lastTicks } = much;
    evaluating(little, {})();
    expect(little.lastTicks).toBe(lastTicks);
  });

  it('answers as a fresh instance does, however many were cut off before [P06, P08]', async () => {
    const [tried, fresh] = await Promise.all([fixture('traps', {}, 20_000), fixture('traps', {}, 20_000)]);
    const expected = evaluating(fresh, { echo: 'a' })();
    for (let round = 0; round < 300; round++) {
      expect(refusal(evaluating(tried, { allocate: 5_000_000 })).code).toBe('policy_timeout');
      expect(evaluating(tried, { echo: 'a' })()).toEqual(expected);
      expect(tried.lastTicks).toBe(fresh.lastTicks);
    }
  });
});

describe('an instance that was cut off', () => {
  it('leaves nothing below the heap for the one that follows it [P06, P08]', async () => {
    const bundle = { ...bundleAt('test/fixtures/policies/echo'), wasm: remembering(), entrypoints: [] };
    const policy = await compilePolicy({ bundle, entrypoint: 'a' });
    for (let round = 0; round < 3; round++) expect(refusal(evaluating(policy, {})).code).toBe('policy_trap');
  });
});

/**
 * A module that traps, having left a mark at 2000, and answers where it finds one: the ABI, and nothing behind it.
 * @param abi its version, and its minor one
 * @param results what it answers at once instead
 */
function remembering(abi: readonly [number, number] = [1, 3], results?: string): Uint8Array<ArrayBuffer> {
  const i32 = 0x7f;
  const constant = (value: number): number[] => [0x41, ...leb(value)];
  const texts = ['{}\0', '{"a":0}\0', `${results ?? '[{"result":"found"}]'}\0`];
  const at = (index: number): number => 16 + texts.slice(0, index).join('').length;
  const mark = constant(2000);
  const remember = [...mark, ...constant(1), 0x36, 2, 0, 0x00];
  const answer = [...mark, 0x28, 2, 0, 0x04, 0x40, ...constant(at(2)), 0x0f, 0x0b, ...remember];
  const functions: readonly [name: string, type: number, code: number[]][] = [
    ['builtins', 0, constant(at(0))],
    ['entrypoints', 0, constant(at(1))],
    ['opa_heap_ptr_get', 0, constant(4096)],
    ['opa_json_dump', 1, [0x20, 0]],
    ['opa_value_dump', 1, [0x20, 0]],
    ['opa_malloc', 1, constant(2048)],
    ['opa_heap_ptr_set', 2, []],
    ['opa_json_parse', 3, constant(1)],
    ['opa_value_parse', 3, constant(1)],
    ['opa_eval', 4, results === undefined ? answer : constant(at(2))],
  ];
  const globals = ['opa_wasm_abi_version', 'opa_wasm_abi_minor_version'];
  const type = (operands: number, results: number): number[] => [
    0x60,
    operands,
    ...Array.from({ length: operands }, () => i32),
    results,
    ...(results === 0 ? [] : [i32]),
  ];
  const exported = [
    ...functions.flatMap(([each], index) => [...name(each), 0, index]),
    ...globals.flatMap((each, index) => [...name(each), 3, index]),
  ];
  const sections = {
    1: [5, ...type(0, 1), ...type(1, 1), ...type(1, 0), ...type(2, 1), ...type(7, 1)],
    3: [functions.length, ...functions.map(([, each]) => each)],
    6: [abi.length, ...abi.flatMap((version) => [i32, 0, ...constant(version), 0x0b])],
    7: [functions.length + globals.length, ...exported],
    9: [],
    11: [1, 0, ...constant(16), 0x0b, ...name(texts.join(''))],
  };
  return assemble({ functions: functions.map(([, , code]) => code), sections });
}

describe('a builtin that the host does not have', () => {
  it('is refused at load, by name, file and replacement (threats P04)', async () => {
    const loading = fixture('host-builtins');
    await expect(loading).rejects.toBeInstanceOf(BundleError);
    await expect(loading).rejects.toThrow(/builtin object\.subset \(host\.rego\) does not exist here: work it out/);
    await expect(loading).rejects.toThrow(/builtin units\.parse \(host\.rego\) does not exist here: work it out/);
  });

  it('is refused though the SDK has one of its own, which is not OPA\u2019s', async () => {
    await expect(fixture('sprintf')).rejects.toThrow(/sprintf \(sprintf\.rego\) does not exist here/);
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

describe('what docs/divergences.md says of texts', () => {
  it('holds: compiled builtins read them otherwise than OPA [P17]', async () => {
    const policy = await fixture('divergences');
    const said = evaluating(policy, { name: 'a', number: 1 })() as { readonly metadata: unknown };
    expect(said.metadata).toHaveProperty('answers', {
      mapped: false,
      tail: true,
      line_end: false,
      parenthesis: true,
      class: true,
      // `group` is undefined.
      dash: true,
      comma: true,
      needle: 0,
    });
  });
});

describe('what a module answers', () => {
  it.each(['[{"result":true},{"result":true}]', '{"result":true}', 'null'])(
    'is a policy_result_invalid where it is not one result: %s [P02]',
    async (results) => {
      const bundle = {
        ...bundleAt('test/fixtures/policies/echo'),
        wasm: remembering([1, 3], results),
        entrypoints: [],
      };
      const policy = await compilePolicy({ bundle, entrypoint: 'a' });
      expect(refusal(evaluating(policy, {})).code).toBe('policy_result_invalid');
    },
  );
});

describe('a module of another ABI', () => {
  it.each([
    ['2.3', [2, 3], 'its ABI is 2, not 1'],
    ['1.1, which does not reset its heap [P05]', [1, 1], 'its ABI is 1.1, and 1.2 or later is needed'],
  ] as const)('is refused: %s [P09]', async (_, abi, named) => {
    const bundle = { ...bundleAt('test/fixtures/policies/echo'), wasm: remembering(abi), entrypoints: [] };
    await expect(compilePolicy({ bundle, entrypoint: 'a' })).rejects.toThrow(named);
  });
});

describe('a module that OPA did not build', () => {
  const bundle = bundleAt('test/fixtures/policies/echo');
  const empty = Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
  // It has no global, so that number 0 is the one that the meter will add.
  const refuelling = assemble({ functions: [[0x41, 0x7f, 0x24, 0]] });

  it.each([
    ['has no exports', empty, 'does not export opa_wasm_abi_version'],
    ['does not compile', Uint8Array.from([...empty, 1, 2, 3]), 'does not compile'],
    ['is cut off', bundle.wasm.slice(0, 9000), 'does not compile'],
    ['would give itself more ticks [P07]', refuelling, 'does not compile'],
    ['has what cannot be metered [P07]', assemble({ functions: [[0x12, 0]] }), 'an instruction 0x12 is not one'],
    ['has a memory of its own [P05]', assemble({ functions: [[]], sections: { 2: [], 5: [1, 0, 1] } }), 'a section 5'],
  ])('is refused where it %s', async (_, wasm, named) => {
    const loading = compilePolicy({ bundle: { ...bundle, wasm }, entrypoint });
    await expect(loading).rejects.toBeInstanceOf(BundleError);
    await expect(loading).rejects.toThrow(named);
  });
});
