import { expect, it } from 'vitest';
import { folderOf } from '../../test/fakes/policy-folder.ts';
import { run } from '../../test/fakes/run-cli.ts';
import { describeWithOpa } from '../../test/fakes/with-opa.ts';

const AUTHZ = `package behalf.authz

default decision := {"allow": false, "reasons": []}

decision := {"allow": true, "reasons": []} if input.hop.action == "read"

decision := {"allow": true, "reasons": []} if {
	input.hop.action == "write"
	input.actor.agent == "a"
}
`;
const TESTS = 'package behalf.authz_test\n\ntest_denied if not data.behalf.authz.decision.allow with input as {}\n';
const SUITE = `suite: x
now: 2026-12-01T09:00:00Z
agents: { a: {} }
people: { p: {} }
actions: { ACTION: {} }
tests: [{ name: n, default: allow }]
`;
const suite = (action: string) => SUITE.replace('ACTION', action);

describeWithOpa('behalf policy coverage', () => {
  it('counts what rules and suites evaluate, and names the rest', async () => {
    const folder = folderOf({ 'authz.rego': AUTHZ, 'authz_test.rego': TESTS, 'read_suite.yaml': suite('read') });
    const { code, out } = await run('policy', 'coverage', folder);
    expect(code).toBe(0);
    expect(out).toMatch(/authz\.rego:7-9: not covered\n40 % of 5 lines covered \(2\), as OPA's interpreter saw it\n$/);
    expect(out).not.toContain('authz_test.rego');
  });

  it('adds up the suites, and exits with 4 below the threshold alone', async () => {
    const files = { 'authz.rego': AUTHZ, 'authz_test.rego': TESTS, 'read_suite.yaml': suite('read') };
    const folder = folderOf({ ...files, 'write_suite.yaml': suite('write') });
    expect(await run('policy', 'coverage', folder, '--threshold', '100')).toMatchObject({ code: 0, err: '' });
    expect(await run('policy', 'coverage', folderOf(files), '--threshold', '40')).toMatchObject({ code: 0, err: '' });
    expect(await run('policy', 'coverage', folderOf(files), '--threshold', '40.1')).toMatchObject({
      code: 4,
      err: 'behalf: 40 % are covered, and 40.1 % are demanded\n',
    });
  });

  it('does not count what it is told to leave out, and nothing else', async () => {
    const files = { 'authz.rego': AUTHZ, 'authz_test.rego': TESTS, 'lib/more.rego': 'package more\n\nf(x) := x\n' };
    const folder = folderOf({ ...files, 'read_suite.yaml': suite('read'), 'write_suite.yaml': suite('write') });
    expect((await run('policy', 'coverage', folder, '--threshold', '100')).code).toBe(4);
    expect((await run('policy', 'coverage', folder, '--threshold', '100', '--ignore', 'lib/*')).code).toBe(0);
    expect((await run('policy', 'test', folder, '--threshold', '100', '--ignore', 'lib/*')).code).toBe(0);
    expect((await run('policy', 'coverage', folder, '--threshold', '100', '--ignore', 'li/*')).code).toBe(4);
  });

  it('says nothing of tests that fail, and so exits with 4', async () => {
    const folder = folderOf({ 'authz.rego': AUTHZ, 'authz_test.rego': TESTS.replace('if not', 'if') });
    expect(await run('policy', 'coverage', folder)).toMatchObject({
      code: 4,
      out: expect.stringContaining('FAIL'),
      err: expect.stringContaining('coverage of failing tests says nothing'),
    });
  });

  it('exits with 4 without a test', async () => {
    expect(await run('policy', 'coverage', folderOf({ 'authz.rego': AUTHZ }))).toMatchObject({ code: 4 });
  });

  it('prints JSON, with the source of the answer', async () => {
    const folder = folderOf({ 'authz.rego': AUTHZ, 'authz_test.rego': TESTS });
    const { out } = await run('policy', 'coverage', folder, '--json', '--threshold', '90');
    expect(JSON.parse(out)).toMatchObject({
      ok: false,
      source: 'opa',
      threshold: 90,
      covered: 1,
      lines: 5,
      percent: 20,
    });
  });
});
