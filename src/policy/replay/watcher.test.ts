import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { EXAMPLE_INPUT, inputFor } from '../../../test/fixtures/policy-input.ts';
import { type Bundle, readBundle } from '../bundle.ts';
import type { PolicyInput } from '../input.ts';
import { DEFAULT_BUDGET, type Policy } from '../policy.ts';
import { compilePolicy } from '../wasm.ts';
import { unknownParts } from './unknown-parts.ts';
import { createWatcher, type Watcher } from './watcher.ts';

const entrypoint = 'behalf/authz/decision';

function bundleAt(path: string): Bundle {
  return readBundle(readFileSync(new URL(`../../../${path}/bundle.tar.gz`, import.meta.url)));
}

let policy: Policy;
let watcher: Watcher;
beforeAll(async () => {
  const bundle = bundleAt('policies');
  policy = await compilePolicy({ bundle, entrypoint });
  watcher = await createWatcher(bundle, entrypoint);
});

function reads(input: PolicyInput, ...pointers: readonly string[]): readonly string[] {
  return watcher.readsOf(unknownParts(input, pointers), DEFAULT_BUDGET);
}

/** What records leave out by default. */
const ERASED = ['/input/subject/claims', '/input/request/headers', '/input/request/query', '/input/subject/id'];

describe('what a policy reads of the unknown parts', () => {
  it('is told exactly, and only for this request', () => {
    expect(reads(EXAMPLE_INPUT, ...ERASED)).toEqual([]);
    expect(reads(inputFor('payments.draft'), ...ERASED)).toEqual(['/input/subject/claims']);
    expect(reads(inputFor('payments.finalize'), ...ERASED)).toEqual(['/input/subject/claims']);
    expect(reads(inputFor('customers.read'), ...ERASED)).toEqual([]);
  });

  it('is told of parts that hold others', () => {
    expect(reads(EXAMPLE_INPUT, '/input/request')).toEqual([]);
    expect(reads(EXAMPLE_INPUT, '/input/hop')).toEqual(['/input/hop']);
    expect(reads(inputFor('payments.draft'), '/input/subject', '/input/subject/claims')).toEqual(['/input/subject']);
  });

  it('counts the writing of the result, too: what is handed on is read', async () => {
    const echo = await createWatcher(bundleAt('test/fixtures/policies/echo'), entrypoint);
    const question = unknownParts(inputFor('any', { allow: true }), ['/input/request/body/json', '/input/time']);
    expect(echo.readsOf(question, DEFAULT_BUDGET)).toEqual(['/input/request/body/json']);
  });

  it('is all of it where that cannot be told', () => {
    const many = Array.from({ length: 40 }, (_, index) => [`k${index}`, 'v'] as const);
    const wide = {
      ...EXAMPLE_INPUT,
      grant: EXAMPLE_INPUT.grant && { ...EXAMPLE_INPUT.grant, context: Object.fromEntries(many) },
    };
    const pointers = many.map(([key]) => `/input/grant/context/${key}`);
    expect(reads(wide, ...pointers)).toHaveLength(40);
    expect(watcher.readsOf(unknownParts(EXAMPLE_INPUT, ERASED), 1)).toHaveLength(ERASED.length);
    // And it is well again afterwards.
    expect(reads(EXAMPLE_INPUT, ...ERASED)).toEqual([]);
  });

  it('is never less than what the result depends on', () => {
    const actions = fc.constantFrom('invoices.read', 'payments.draft', 'payments.finalize', 'nobody.may');
    const pointers = fc.subarray([
      'subject/claims',
      'request/headers',
      'grant/actions',
      'actor/agent',
      'hop/action',
      'time',
    ]);
    const anything = fc.oneof(fc.jsonValue(), fc.constantFrom('procurement', ['payments.draft'], { read_only: true }));
    fc.assert(
      fc.property(actions, pointers, fc.array(anything, { minLength: 6, maxLength: 6 }), (action, parts, values) => {
        const input = inputFor(action);
        const unknown = parts.map((part) => `/input/${part}`);
        const read = reads(input, ...unknown);
        if (read.length > 0) return;
        const other = structuredClone(input) as unknown as Record<string, unknown>;
        for (const [index, part] of parts.entries()) {
          const [outer = '', inner] = part.split('/');
          if (inner === undefined) other[outer] = values[index];
          else (other[outer] as Record<string, unknown>)[inner] = values[index];
        }
        // What is not read may be anything: the answer is the same.
        expect(policy.evaluate(JSON.stringify(other))).toEqual(policy.evaluate(JSON.stringify(input)));
      }),
      { numRuns: 300 },
    );
  });
});
