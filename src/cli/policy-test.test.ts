import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { folderOf, shippedPolicies } from '../../test/fakes/policy-folder.ts';
import { run } from '../../test/fakes/run-cli.ts';
import { describeWithOpa } from '../../test/fakes/with-opa.ts';

const AUTHZ = `package behalf.authz

# METADATA
# entrypoint: true
default decision := {"allow": false, "reasons": [{"code": "no", "message": "No."}]}

decision := {"allow": true, "reasons": [{"code": "yes", "message": "Yes."}]} if input.hop.action == "read"
`;
const TESTS = `package behalf.authz_test

import data.behalf.authz

test_read if authz.decision.allow with input as {"hop": {"action": "read"}}

test_write if not authz.decision.allow with input as {"hop": {"action": "write"}}
`;
const SUITE = `suite: reading
now: 2026-12-01T09:00:00Z
agents: { a: {} }
people: { p: {} }
actions: { read: {}, write: {} }
tests:
  - name: only reading
    default: { outcome: deny, reasons: ["no"] }
    expect:
      - { actions: read, outcome: allow, reasons: ["yes"] }
`;
const GOOD = { 'authz.rego': AUTHZ, 'authz_test.rego': TESTS, 'authz_suite.yaml': SUITE };

interface Printed {
  readonly ok: boolean;
  readonly ran: number;
  readonly cells: number;
  readonly results: readonly { readonly id: string; readonly status: string; readonly lines: readonly string[] }[];
}

async function json(folder: string, ...options: readonly string[]): Promise<Printed & { readonly code: number }> {
  const { code, out } = await run('policy', 'test', folder, '--json', ...options);
  return { ...(JSON.parse(out) as Printed), code };
}

/** How each test ended, by its name. */
function ends({ results }: Printed): Readonly<Record<string, string>> {
  return Object.fromEntries(results.map(({ id, status }) => [id.replace(/^.*[./](?=test)/, ''), status]));
}

describeWithOpa('behalf policy test', () => {
  it('runs the shipped tests in our runtime, where all pass and agree with OPA [P17]', async () => {
    const { code, out } = await run('policy', 'test', shippedPolicies());
    expect({ code, out }).toEqual({
      code: 0,
      out: expect.stringMatching(/^\d{2,} tests ran \(\d+ Rego rules, \d+ suite cells?\): \d+ passed \(/),
    });
  });

  it('runs rules and suites together, and says how many of each', async () => {
    const { code, out } = await run('policy', 'test', folderOf(GOOD), '--verbose');
    expect(code).toBe(0);
    expect(out).toContain('ok ');
    expect(out).toContain('reading/only reading/a/p/read/fitting');
    expect(out).toContain('4 tests ran (2 Rego rules, 2 suite cells): 4 passed');
  });

  it('runs the suite of the page, which passes on the shipped policy', async () => {
    const page = readFileSync(fileURLToPath(new URL('../../docs/policy-tests.md', import.meta.url)), 'utf8');
    const [, suite = ''] = /```yaml\n(.*?)```/s.exec(page) ?? [];
    const folder = shippedPolicies({ 'page_suite.yaml': suite });
    const { ran, cells, code } = await json(folder, '--filter', 'who may pay/*');
    expect({ ran, cells, code }).toEqual({ ran: 16, cells: 16, code: 0 });
  });

  it('exits with 4 where a rule fails, with the line that is false', async () => {
    const folder = folderOf({ ...GOOD, 'authz_test.rego': TESTS.replace('if not', 'if') });
    const { code, out } = await run('policy', 'test', folder);
    expect(code).toBe(4);
    expect(out).toMatch(
      /FAIL .*authz_test\.rego:7:1: behalf\.authz_test\.test_write\n {5}is not true\n {5}false at .*:7: test_write/,
    );
    expect(out).toContain('3 passed, 1 failed');
  });

  it('exits with 4 where a cell fails, with what was expected, what came, and why it could', async () => {
    const folder = folderOf({
      ...GOOD,
      'authz.rego': AUTHZ.replace('"read"', '"reed"'),
      'authz_test.rego': 'package t',
    });
    const { code, out } = await run('policy', 'test', folder);
    expect(code).toBe(4);
    expect(out).toMatch(/FAIL .*authz_suite\.yaml:10:9: reading\/only reading\/a\/p\/read\/fitting\n/);
    expect(out).toContain('     expected  allow yes\n     got       deny no "No."\n');
    expect(out).toContain('     input.hop.action = "read"\n');
  });

  it('takes no policy that is undefined for one that denies [P01]', async () => {
    const undefinedPolicy = AUTHZ.replace(/default decision.*\n/, '');
    const folder = folderOf({ ...GOOD, 'authz.rego': undefinedPolicy, 'authz_test.rego': 'package t' });
    const { code, out } = await run('policy', 'test', folder);
    expect(code).toBe(4);
    expect(out).toContain('got       fault (policy_undefined');
  });

  it('is a failure of its own kind where OPA passes and our runtime does not [P03, P17]', async () => {
    // More memory than a policy may use: OPA has no such bound.
    const strict = `${TESTS}\ntest_large if count(numbers.range(1, 2000000)) == 2000000\n`;
    const printed = await json(folderOf({ ...GOOD, 'authz_test.rego': strict }));
    expect(printed).toMatchObject({ code: 4, ok: false, failed: 0, disagreed: 1 });
    const [line] = printed.results.find(({ id }) => id.endsWith('test_large'))?.lines ?? [];
    expect(line).toContain("OPA passes, Behalf's runtime fails: policy_trap");
  });

  it('runs a rule without input as OPA does: there is none', async () => {
    const tests = 'package t_test\n\ntest_none if not input\n\ntest_nothing if object.get(input, "x", 1) == 1\n';
    expect(ends(await json(folderOf({ 'a_test.rego': tests })))).toEqual({
      test_none: 'passed',
      test_nothing: 'failed',
    });
  });

  it('says of each rule that our runtime cannot run why, and runs the others [P04]', async () => {
    const tests = `${TESTS}\ntest_http if not http.send({"method": "get", "url": "http://127.0.0.1:1"}).body\n`;
    const printed = await json(folderOf({ ...GOOD, 'authz_test.rego': tests }));
    expect(printed).toMatchObject({ code: 4, ran: 4, unrunnable: 1, passed: 4 });
    expect(ends(printed)).toMatchObject({ test_http: 'unrunnable', test_read: 'passed' });
    expect(printed.results.find(({ id }) => id.endsWith('test_http'))?.lines[0]).toContain('http.send');
  });

  it('mocks with `with`, takes cases apart, prints, and skips what is to do', async () => {
    const tests = `package t_test

test_mock if f(1) == 7 with f as 7

f(x) := x

test_cases[name] if {
	some name, pair in {"equal": [1, 1], "other": [1, 2]}
	pair[0] == pair[1]
}

todo_test_later if false

test_print if {
	print("seen")
	false
}
`;
    const printed = await json(folderOf({ 'a_test.rego': tests }));
    expect(printed).toMatchObject({ code: 4, ran: 3, skipped: 1 });
    expect(ends(printed)).toEqual({
      test_mock: 'passed',
      test_cases: 'failed',
      't_test.todo_test_later': 'skipped',
      test_print: 'failed',
    });
    const lines = printed.results.flatMap((each) => each.lines);
    expect(lines).toContain('fails for "other"');
    expect(lines).toContain('print: seen');
  });

  it('runs only what --filter names, and fails where that is nothing', async () => {
    const folder = folderOf(GOOD);
    expect(ends(await json(folder, '--filter', 'test_read'))).toEqual({ test_read: 'passed' });
    expect(await json(folder, '--filter', 'reading/*/write/*')).toMatchObject({ code: 0, ran: 1, cells: 1 });
    const none = await run('policy', 'test', folder, '--filter', 'test_reed');
    expect(none).toMatchObject({ code: 4, err: expect.stringContaining('no test ran: none is named test_reed') });
  });

  it('takes no tests at all for a failure, unless it is told', async () => {
    const folder = folderOf({ 'authz.rego': AUTHZ });
    expect(await run('policy', 'test', folder)).toMatchObject({
      code: 4,
      out: expect.stringMatching(/^0 tests ran/),
      err: expect.stringContaining('no test ran: there is none'),
    });
    expect(await run('policy', 'test', folder, '--allow-empty')).toMatchObject({ code: 0, err: '' });
  });

  it('takes a skipped test for none', async () => {
    expect(await json(folderOf({ 'a_test.rego': 'package t\n\ntodo_test_x if true\n' }))).toMatchObject({
      code: 4,
      ran: 0,
    });
  });

  it('exits with 3 where the Rego does not compile, with each place', async () => {
    const folder = folderOf({ ...GOOD, 'authz.rego': `${AUTHZ}\nx := f(1)\n\nz := g(1)\n` });
    const { code, err } = await run('policy', 'test', folder);
    expect(code).toBe(3);
    expect(err).toMatch(/authz\.rego:9: rego_type_error.*\n.*authz\.rego:11: rego_type_error/);
  });

  it('exits with 3 where suites ask a rule that is not there, or that does not load', async () => {
    expect(await run('policy', 'test', folderOf(GOOD), '--entrypoint', 'behalf/authz/verdict')).toMatchObject({
      code: 3,
      err: expect.stringContaining('behalf/authz/verdict'),
    });
    const calls = AUTHZ.replace('input.hop.action == "read"', 'http.send({"url": input.hop.action}).ok');
    expect(await run('policy', 'test', folderOf({ ...GOOD, 'authz.rego': calls }))).toMatchObject({
      code: 3,
      err: expect.stringContaining('http.send'),
    });
  });

  it.each([
    ['no folder', ['nowhere'], 'nowhere'],
    ['a suite that is none', [folderOf({ 'a_suite.yaml': 'suit: x\n' })], 'unknown key "suit"'],
    ['a threshold that is none', ['.', '--threshold', '101'], 'a number from 0 to 100'],
    ['a format that is none', ['.', '--format', 'tap'], 'pretty, json, junit, github'],
    ['an entrypoint that is none', ['.', '--entrypoint', 'data.x'], 'a rule such as'],
  ])('exits with 2 for %s', async (_, argv, problem) => {
    const { code, err } = await run('policy', 'test', ...argv);
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(problem) });
  });

  it('demands coverage, by rules and suites together', async () => {
    const folder = folderOf({ ...GOOD, 'authz_test.rego': 'package t_test\n\ntest_x if true\n' });
    expect(await run('policy', 'test', folder, '--threshold', '100')).toMatchObject({ code: 0 });
    writeFileSync(join(folder, 'more.rego'), 'package more\n\nunused if input.x == 1\n');
    const { code, out, err } = await run('policy', 'test', folder, '--threshold', '100');
    expect(code).toBe(4);
    expect(out).toContain('more.rego:3: not covered');
    expect(err).toMatch(/the tests cover \d+(\.\d)? % of the lines, and 100 % are demanded/);
  });

  it('writes JUnit and GitHub', async () => {
    const folder = folderOf({ ...GOOD, 'authz_test.rego': TESTS.replace('if not', 'if') });
    const junit = await run('policy', 'test', folder, '--format', 'junit');
    expect(junit).toMatchObject({
      code: 4,
      out: expect.stringMatching(/^<\?xml.*\n<testsuites .* tests="4" failures="1"/),
    });
    const github = await run('policy', 'test', folder, '--format', 'github');
    expect(github).toMatchObject({
      code: 4,
      out: expect.stringMatching(/^::error file=.*,line=7,col=1,title=behalf\.authz_test\.test_write::failed/),
    });
  });
});
