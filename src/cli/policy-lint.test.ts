import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { findTool } from '../../scripts/find-tool.js';
import { describeWithOpa } from '../../test/fakes/with-opa.ts';
import { lintRego } from './policy-lint.ts';
import type { Finding } from './policy-lint-finding.ts';
import { parseRego } from './policy-lint-parse.ts';

const HEAD = `package behalf.authz

import data.behalf.lib.text
import input.request.body.json as body

`;
const LIBRARY = `package behalf.lib.text

is_bad(value) if regex.match("^bad", value)

is_short(value) if {
	is_string(value)
	count(value) < 9
}
`;

describeWithOpa('the lint of Rego', () => {
  it.each([
    ['a part of the body', 'not startswith(input.request.body.json.name, "bad")', 'input.request.body.json.name'],
    ['a claim', 'not startswith(input.subject.claims.team, "bad")', 'input.subject.claims.team'],
    ['a claim by a key that is not known', 'some c; not startswith(input.subject.claims[c], "x")', '[c]'],
    ['the arguments of a tool', 'not startswith(input.mcp.arguments.path, "/etc")', 'input.mcp.arguments.path'],
    ['a tool, which may be null', 'not startswith(input.mcp.tool, "admin.")', 'input.mcp.tool'],
    ['an import of input', 'not endswith(body.name, "x")', 'body.name'],
    ['a variable', 'name := body.name; not endswith(name, "x")', 'name'],
    ['a part taken out by a pattern', '[name, _] := body.names; not endswith(name, "x")', 'name'],
    ['a member of a list', 'some item in body.items; not endswith(item.id, "x")', 'item.id'],
    ['an operator', 'not body.amount + 1 > 3', 'body.amount'],
    ['an argument of an argument', 'not lower(body.name) == "bad"', 'body.name'],
    ['the body of an every', 'every item in body.items { not endswith(item, "x") }', 'item'],
    ['a comprehension', 'count([i | some i in body.items; not endswith(i, "x")]) == 1', 'i'],
    [
      'a value with a default of ours',
      'not startswith(object.get(input.subject.claims, "team", ""), "x")',
      'object.get',
    ],
    ['a rule that can fail', 'not has_bad_name', 'body.name'],
    ['a rule that gives it', 'not startswith(recipient, "x")', 'recipient'],
    ['a set that holds it', 'some name in names; not startswith(name, "x")', 'name'],
    ['a function', 'not is_bad(body.name)', 'value'],
    ['a function of another package', 'not text.is_bad(body.name)', 'value'],
    ['a negation inside a function', 'is_good(body.name)', 'value'],
    ['a set that nothing was put into', 'count(denials) == 0', 'body.name'],
    ['a comprehension that nothing was put into', 'count([1 | startswith(body.name, "x")]) == 0', 'body.name'],
    ['a set that nothing was put into, compared', 'denials == set()', 'body.name'],
    ['a set that nothing was put into, unified', 'set() = denials', 'body.name'],
    ['a set that nothing was put into, by its path', 'data.behalf.authz.denials == set()', 'body.name'],
    ['a set that has fewer than one', '1 > count(denials)', 'body.name'],
    ['a set comprehension that is empty', '{x | some x in body.items; startswith(x, "bad")} == set()', 'x'],
    ['an array comprehension that is empty', '[x | some x in body.items; startswith(x, "bad")] == []', 'x'],
    ['an object comprehension that is empty', '{x: 1 | some x in body.items; startswith(x, "bad")} == {}', 'x'],
    ['a variable that counts', 'n := count(denials); n == 0', 'body.name'],
    ['a variable that counts, bound further down', 'n == 0; n := count(denials)', 'body.name'],
    [
      'a variable of a variable that counts',
      'xs := [1 | startswith(body.name, "x")]; n := count(xs); n < 1',
      'body.name',
    ],
    ['a variable that is read in a comprehension', 'n := count(denials); count([1 | n == 0]) > 0', 'body.name'],
    ['a variable that is unified', 'denials = x; x == set()', 'body.name'],
    ['a variable of a pattern', '[n, _] := [count(denials), 1]; n == 0', 'body.name'],
    ['a variable that some binds', 'some n in [count(denials)]; n == 0', 'body.name'],
    ['a part that is unified', '[denials, _] = [set(), 1]', 'body.name'],
    ['a rule that counts', 'denied == 0', 'body.name'],
    ['a sum', 'sum([1 | some x in body.items; startswith(x, "bad")]) == 0', 'x'],
    ['a maximum', 'max([0 | some x in denials]) != 1', 'body.name'],
    ['what every one is of', 'every x in [y | some y in body.items; startswith(y, "bad")] { x == "" }', 'y'],
    ['what every one of a set is of', 'every x in denials { x == "" }', 'body.name'],
    [
      'what every one of a variable is of',
      'xs := [1 | startswith(body.name, "x")]; every x in xs { x == 2 }',
      'body.name',
    ],
    ['a default of false', 'is_blocked == false', 'body.name'],
    ['a default of false that is not true', 'is_blocked != true', 'body.name'],
    ['a comprehension that is no member of', 'not 1 in [1 | startswith(body.name, "x")]', 'body.name'],
    ['a rule that counts in its body', 'not is_denied', 'body.name'],
    ['a rule that gives what fails', 'not short_name == "bad"', 'body.name'],
  ])('refuses a negated builtin on %s [P03]', async (_, line, argument) => {
    const found = await lint(`allow if { ${line} }`);
    expect(found).toMatchObject([{ severity: 'error', rule: 'negated-builtin' }]);
    expect(found[0]?.message).toContain(argument);
    expect(found[0]?.where).toMatch(/a\.rego:\d+:\d+$/);
  });

  it.each([
    ['what a Check proves to be text', 'not startswith(input.request.path, "/admin")'],
    ['a query parameter', 'not startswith(input.request.query.x[0], "bad")'],
    ['each of the scopes', 'some scope in input.token.scopes; not startswith(scope, "admin")'],
    ['a header with a default', 'not startswith(object.get(input.request.headers, "x-a", ""), "bad")'],
    ['a type that the body states', 'is_string(body.name); not startswith(body.name, "bad")'],
    ['a type that is stated further down', 'not startswith(body.name, "bad"); is_string(body.name)'],
    ['a type that a variable of it proves', 'name := body.name; is_string(body.name); not startswith(name, "bad")'],
    ['a type that another builtin needs', 'startswith(body.name, "a"); not endswith(body.name, "b")'],
    ['a type that a function states', 'text.is_short(body.name); not endswith(body.name, "b")'],
    ['a type that a rule states', 'has_name; not endswith(body.name, "b")'],
    ['a rule that gives text alone', 'not endswith(typed_name, "b")'],
    ['a rule that states the type', 'not has_bad_text'],
    ['a rule with a default of its own', 'not ranked == 3'],
    ['a function of what is text', 'is_good(input.request.path)'],
    ["the author's own data", 'not startswith(data.limits.name, "b")'],
    ['membership, which takes any type', 'not body.name in ["bad"]'],
    ['equality, which takes any type', 'not body.name == "bad"'],
    ['a builtin of the host, whose failure denies', 'not strings.any_prefix_match(body.name, ["bad"])'],
    ['a positive builtin', 'startswith(body.name, "good")'],
    ['a number that was proven', 'is_number(body.amount); body.amount <= 100'],
    ['a set of what is typed', 'count(typed_denials) == 0'],
    ['a set of what is typed, compared', 'typed_denials == set()'],
    ['a variable that counts what is typed', 'n := count(typed_denials); n == 0'],
    ['a set that must have members', 'count(denials) > 0'],
    ['a variable that counts what must be there', 'n := count(denials); n > 0; 0 < n'],
    ['a set that must not be empty', 'denials != set()'],
    ['a rule that must hold', 'is_blocked == true'],
    ['a value that must be there', 'lower(body.name) == ""'],
    ['a variable of a value that must be there', 'name := lower(body.name); name == ""'],
    ['an empty list of others', 'body.items == []'],
  ])('says nothing of %s', async (_, line) => {
    expect(await lint(`allow if { ${line} }`)).toEqual([]);
  });

  it('looks into what a rule gives', async () => {
    const found = await lint('allow := [i | some i in body.items; not endswith(i, "x")]');
    expect(found).toMatchObject([{ rule: 'negated-builtin' }]);
  });

  it('does not take the proof of another type for one', async () => {
    const found = await lint('allow if { is_number(body.name); not startswith(body.name, "bad") }');
    expect(found).toMatchObject([{ rule: 'negated-builtin' }]);
  });

  it('does not take the proof of another body for one', async () => {
    const found = await lint('allow if { has_name }\nallow if { not startswith(body.name, "bad") }');
    expect(found).toMatchObject([{ rule: 'negated-builtin' }]);
  });

  it('names the call that fails, where a rule is negated', async () => {
    const [found] = await lint('allow if not has_bad_name');
    expect(found?.message).toMatch(/^startswith \(.*a\.rego:\d+:\d+\) needs string, and body\.name/);
  });

  it.each([
    ['json.unmarshal(input.request.headers["x-json"]) == 1'],
    ['regex.match(input.request.headers["x-pattern"], "a")'],
    ['glob.match("/admin/**", ["/"], input.request.path)'],
    ['glob.match("/admin/*", null, input.request.path)'],
    ['glob.match(data.patterns[0], ["/"], input.request.path)'],
    ['is_admin'],
  ])('warns of a negated builtin that cannot read every text: %s [P03]', async (line) => {
    const found = await lint(`allow if not ${line}\nis_admin if glob.match("/admin/**", ["/"], input.request.path)`);
    expect(found).toMatchObject([{ severity: 'warning', rule: 'negated-failure' }]);
  });

  it.each([
    'net.cidr_contains("10.0.0.0/8", input.request.headers["x-ip"])',
    'is_string(body.ip); net.cidr_intersects("10.0.0.0/8", body.ip)',
    'to_number(input.request.query.x[0]) == 1',
    'is_string(body.amount); n := to_number(body.amount); n == 1',
    'not json.is_valid(input.request.query.x[0])',
    'base64.is_valid(input.request.query.x[0])',
  ])('warns of what reads more than it should of what is sent: %s [P03]', async (line) => {
    const found = await lint(`allow if { ${line} }`);
    expect(found).toMatchObject([{ severity: 'warning', rule: 'divergence' }]);
  });

  it('warns of both where an address is negated, and names the builtin that is strict', async () => {
    const found = await lint('allow if not net.cidr_contains("10.0.0.0/8", input.request.headers["x-ip"])');
    expect(found.map(({ rule }) => rule).sort()).toEqual(['divergence', 'negated-failure']);
    expect(found.map(({ message }) => message).join()).toContain('net.cidr_contains_matches');
  });

  it.each([
    ['regex.match("^(?<n>a)$", input.request.path)', '(?P<name>…)'],
    ['regex.find_all_string_submatch_n("(?<n>a)", input.request.path, 1) == []', '(?P<name>…)'],
    ['regex.match("\\\\C", input.request.path)', 'a byte'],
    ['replace(input.request.path, "", "x") == "y"', 'does not end'],
    ['indexof(input.request.path, "") == 0', 'everywhere'],
    ['glob.match("/files (x)/*", ["/"], input.request.path)', '[(]'],
    ['glob.match("$*", [], input.request.path)', '[$]'],
  ])('refuses a literal that means something else here: %s [P17]', async (line, advice) => {
    const found = await lint(`allow if { ${line} }`);
    expect(found).toMatchObject([{ severity: 'error', rule: 'divergence' }]);
    expect(found[0]?.message).toContain(advice);
  });

  it.each([
    'net.cidr_contains("10.0.0.0/8", data.address)',
    'count(net.cidr_contains_matches(["10.0.0.0/8"], input.request.headers["x-ip"])) > 0',
    'x := input.request.query.x[0]; regex.match("^[0-9]{1,9}$", x); to_number(x) == 1',
    'to_number("12") == 12',
    'regex.match("^(?P<n>a)$", input.request.path)',
    'regex.match("^\\\\(?<a[(?<a]", input.request.path)',
    'replace(input.request.path, "a", "") == "y"',
    'glob.match("/admin/**", ["/"], input.request.path)',
    'not glob.match("/admin/*", ["/"], input.request.path)',
    'glob.match("/files [(]x[)]/[$]*", ["/"], input.request.path)',
  ])('says nothing of a literal, or of a builtin, that means the same: %s', async (line) => {
    expect(await lint(`allow if { ${line} }`)).toEqual([]);
  });

  it('warns of a comparison of what may have any type', async () => {
    const found = await lint('allow if body.amount <= 100');
    expect(found).toMatchObject([{ severity: 'warning', rule: 'untyped-comparison' }]);
    expect(found[0]?.message).toContain('null is less than every number');
  });

  it('ends on a rule that refers to itself', async () => {
    expect(await lint('allow if not allow')).toEqual([]);
  });

  it('finds nothing in the shipped policy and its library, nor in the examples', async () => {
    const parse = (folder: string) => parseRego(folder, { OPA_BIN: findTool('opa') });
    const [shipped, examples] = [await parse('policies'), await parse('examples/policies')];
    expect(shipped.length).toBeGreaterThan(5);
    expect(lintRego(shipped)).toEqual([]);
    for (const example of examples) {
      const library = shipped.filter(({ package: { path } }) => path.some(({ value }) => value === 'lib'));
      expect(lintRego([...library, example])).toEqual([]);
    }
    expect(examples.length).toBeGreaterThan(3);
  });
});

/** Rules of every kind, beside the one that is linted. Those of them that are wrong are so only where they are used. */
const REST = `
has_bad_name if startswith(body.name, "bad")

has_bad_text if {
	is_string(body.name)
	startswith(body.name, "bad")
}

has_name if is_string(body.name)

recipient := body.recipient

names contains name if some name in body.names

typed_name := name if {
	name := body.name
	is_string(name)
}

denials contains "bad name" if startswith(body.name, "bad")

typed_denials contains "bad path" if startswith(input.request.path, "bad")

is_bad(value) if startswith(value, "bad")

is_good(value) if not startswith(value, "bad")

denied := count(denials)

is_denied if count([1 | startswith(body.name, "x")]) > 0

short_name := lower(body.name)

default is_blocked := false

is_blocked if startswith(body.name, "bad")

default ranked := 0

ranked := count(body.name)
`;

async function lint(rules: string): Promise<readonly Finding[]> {
  const folder = mkdtempSync(join(tmpdir(), 'behalf-lint-'));
  writeFileSync(join(folder, 'a.rego'), `${HEAD}${rules}\n${REST}`);
  writeFileSync(join(folder, 'text.rego'), LIBRARY);
  writeFileSync(join(folder, 'a_test.rego'), `${HEAD}test_x if not startswith(body.name, "bad")\n`);
  return lintRego(await parseRego(folder, { OPA_BIN: findTool('opa') }));
}
