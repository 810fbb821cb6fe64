import { describe, expect, it } from 'vitest';
import { testFilter } from './policy-test-filter.ts';
import { testGithub } from './policy-test-github.ts';
import { testJunit } from './policy-test-junit.ts';
import type { TestResult, TestRun } from './policy-test-result.ts';
import { coverageText, testText } from './policy-test-text.ts';

const result = (id: string, status: TestResult['status'], ...lines: string[]): TestResult => ({
  kind: id.includes('/') ? 'cell' : 'rego',
  id,
  file: id.includes('/') ? 'a_suite.yaml' : 'a_test.rego',
  row: 3,
  column: 1,
  status,
  lines,
});
const RUN: TestRun = {
  results: [
    result('p.test_a', 'passed'),
    result('p.test_b', 'failed', 'is not "true" & <b>', 'x\u0007\ny'),
    result('p.test_c', 'disagreed', "OPA passes, Behalf's runtime fails"),
    result('p.test_d', 'unrunnable', 'not run: 50 %'),
    result('p.todo_test_e', 'skipped'),
    result('s/t/a/p/x/g', 'passed'),
  ],
  coverage: undefined,
  milliseconds: 12.4,
};

describe('text', () => {
  it('names what did not pass, and always how many ran', () => {
    const text = testText(RUN, false);
    expect(text).toContain('FAIL a_test.rego:3:1: p.test_b\n     is not');
    expect(text).not.toContain('test_a');
    expect(text).toMatch(
      /4 tests ran \(3 Rego rules, 1 suite cell\): 2 passed, 1 failed, 1 disagreed with OPA, 1 not run, 1 skipped \(12 ms\)\n$/,
    );
    expect(testText(RUN, true)).toContain('ok a_test.rego:3:1: p.test_a\n');
    expect(testText({ ...RUN, results: [] }, false)).toMatch(/^0 tests ran/);
  });

  it('rounds coverage down: what is not all is not 100 %', () => {
    const coverage = {
      percent: 99.99,
      covered: 9999,
      lines: 10_000,
      files: [
        {
          file: 'a.rego',
          covered: 9999,
          uncovered: [
            [4, 4],
            [6, 7],
          ] as const,
        },
      ],
    };
    expect(coverageText(coverage)).toBe(
      "a.rego:4: not covered\na.rego:6-7: not covered\n99.9 % of 10000 lines covered (9999), as OPA's interpreter saw it\n",
    );
  });
});

describe('JUnit', () => {
  it('counts, and says each kind of end in its own way', () => {
    const xml = testJunit(RUN);
    expect(xml).toContain(
      '<testsuites name="behalf policy test" tests="6" failures="2" errors="1" skipped="1" time="0.012">',
    );
    expect(xml).toContain('<testsuite name="a_test.rego" tests="5" failures="2" errors="1" skipped="1">');
    expect(xml).toContain('<error type="unrunnable" message="not run: 50 %">');
    expect(xml).toContain('<skipped/>');
  });

  it('writes no character that ends an attribute, an element or the XML', () => {
    const xml = testJunit(RUN);
    expect(xml).toContain('message="is not &quot;true&quot; &amp; &lt;b&gt;"');
    expect(xml).toContain('x\u{fffd}&#10;y');
  });
});

describe('GitHub', () => {
  it('marks the line of each test that did not pass, and writes no command that a name could bring', () => {
    const text = testGithub({ ...RUN, results: [...RUN.results, result('p.x,line=9::y', 'failed', 'a\n::error::b')] });
    expect(text).toContain('::error file=a_test.rego,line=3,col=1,title=p.test_d::unrunnable%0Anot run: 50 %25\n');
    expect(text).toContain('title=p.x%2Cline=9%3A%3Ay::failed%0Aa%0A::error::b\n');
    expect(text).toContain('::notice file=a_test.rego,line=3,col=1,title=p.todo_test_e::skipped\n');
    expect(text.trimEnd().split('\n').at(-1)).toMatch(/^5 tests ran/);
  });
});

describe('a filter', () => {
  it.each([
    ['*', 'p.test_a', true],
    ['p.test_?', 'p.test_a', true],
    ['p.test_?', 'p.test_ab', false],
    ['p.test', 'p.test_a', false],
    ['*/alice/*', 's/t/a/alice/x/g', true],
    ['p.test(a)*', 'p.test(a)', true],
    ['p?test', 'p.test', true],
    ['p.test', 'pxtest', false],
  ])('%s and %s: %s', (glob, id, matches) => {
    expect(testFilter(glob).matches(id)).toBe(matches);
  });

  it('also takes a rule by its name without the package, and nothing that only begins so', () => {
    const { forOpa, matches } = testFilter('test_a');
    expect(new RegExp(forOpa).test('data.p.q.test_a')).toBe(true);
    expect(new RegExp(forOpa).test('data.p.q.test_ab')).toBe(false);
    expect(matches('p.q.test_a')).toBe(false);
  });
});
