/** What the corpora ask about (threats P17). */
import { expect, it } from 'vitest';
import { BUILTINS } from '../../src/policy/host/table.ts';
import { CORPUS } from './corpus/corpus.ts';

/** `:=` and `=` bind, comparisons are written with signs, the rest is what OPA has no input for or takes in old Rego only. */
const NOT_CALLED =
  /^(?:assign|eq|gte?|lte?|neq|internal\.member_3|rego\.metadata\.\w+|all|any|net\.cidr_overlap|re_match|set_diff)$/;

it('is every builtin that a policy can call [P17]', () => {
  const calls = Object.values(CORPUS).flat();
  const called = new Set(calls.flatMap(({ of, rego }) => [of, ...(rego.match(/[a-z][\w.]*(?=\()/g) ?? [])]));
  const callable = Object.entries(BUILTINS).filter(
    ([name, { is }]) => /native|host/.test(is) && !NOT_CALLED.test(name),
  );
  expect(callable.length).toBeGreaterThan(100);
  expect(callable.map(([name]) => name).filter((name) => !called.has(name))).toEqual([]);
});
