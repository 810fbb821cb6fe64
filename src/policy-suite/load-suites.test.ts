import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { ConfigError } from '../config/problem.ts';
import { loadSuites } from './load-suites.ts';
import type { Cell } from './suite.ts';

const SUITE = {
  suite: 'buying',
  now: '2026-12-01T09:00:00Z',
  agents: { procurement: {}, support: {} },
  people: { alice: {}, bob: { claims: { read_only: true } } },
  actions: {
    'invoices.read': {},
    draft: { action: 'payments.draft', method: 'POST', path: '/v1/x', body: { amount: 1 } },
  },
  grants: { fitting: {}, none: { absent: true } },
  tests: [{ name: 'nothing', default: 'deny' }],
};

function folderWith(files: Readonly<Record<string, unknown>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'behalf-suites-'));
  for (const [name, value] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), typeof value === 'string' ? value : stringify(value));
  }
  return folder;
}

function load(changes: object): readonly Cell[] {
  return loadSuites(folderWith({ 'a_suite.yaml': { ...SUITE, ...changes } }));
}

function problemsOf(changes: object): readonly string[] {
  try {
    load(changes);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ message }) => message);
    throw error;
  }
  return [];
}

function cell(cells: readonly Cell[], end: string): Cell {
  const found = cells.filter(({ id }) => id.endsWith(end));
  expect(found).toHaveLength(1);
  return found[0] as Cell;
}

describe('a matrix suite', () => {
  it('makes a cell for each agent, person, action and grant, named by them', () => {
    const cells = load({});
    expect(cells).toHaveLength(16);
    expect(cells[0]?.id).toBe('buying/nothing/procurement/alice/invoices.read/fitting');
    expect(new Set(cells.map(({ id }) => id)).size).toBe(16);
  });

  it('makes whole inputs: all that earlier steps prove is there, at the time that is pinned', () => {
    const { input } = cell(load({}), 'procurement/bob/draft/fitting');
    expect(input).toEqual({
      version: 1,
      hop: {
        id: 'payments.draft',
        protocol: 'http',
        boundary: 'agents -> target',
        action: 'payments.draft',
        audience: 'https://target.acme.example',
        scopes: [],
      },
      peer: { id: 'spiffe://prod.acme.example/ns/agents/sa/procurement', trustDomain: 'prod.acme.example' },
      subject: { id: 'bob', issuer: 'https://idp.acme.example', claims: { read_only: true } },
      actor: {
        id: 'spiffe://prod.acme.example/ns/agents/sa/procurement',
        agent: 'procurement',
        issuer: 'https://idp.acme.example',
      },
      chain: [],
      token: {
        issuer: 'https://idp.acme.example',
        audience: ['https://target.acme.example'],
        scopes: [],
        expiresAt: 1_796_115_900,
        type: 'at+jwt',
      },
      grant: {
        id: 'grant-fitting',
        task: 'task-fitting',
        actions: ['payments.draft'],
        target: 'https://target.acme.example',
        context: {},
        expiresAt: 1_796_119_200,
      },
      request: {
        protocol: 'http',
        method: 'POST',
        host: 'target.acme.example',
        path: '/v1/x',
        segments: ['v1', 'x'],
        params: {},
        query: {},
        headers: {},
        body: { state: 'ok', json: { amount: 1 } },
      },
      mcp: null,
      time: 1_796_115_600,
    });
  });

  it('has no actor where the agent is absent, and no grant where the grant is', () => {
    const cells = load({ agents: { nobody: { absent: true } } });
    expect(cell(cells, 'nobody/alice/draft/none').input).toMatchObject({ actor: null, grant: null });
  });

  it('knows approvals, MCP calls, budgets and other people', () => {
    const cells = load({
      people: { carol: { id: 'carol@partner.example', issuer: 'https://idp.partner.example' } },
      actions: { search: { mcp: { tool: 'search', arguments: { q: 'x' } } } },
      grants: { approved: { approval: { approver: 'bob' }, expiresIn: '5m', budget: { calls: 3 } } },
    });
    expect(cell(cells, 'procurement/carol/search/approved').input).toMatchObject({
      hop: { protocol: 'mcp' },
      subject: { id: 'carol@partner.example', issuer: 'https://idp.partner.example' },
      token: { issuer: 'https://idp.partner.example' },
      mcp: { method: 'tools/call', tool: 'search', arguments: { q: 'x' } },
      grant: {
        approval: { id: 'approval-1', approver: 'bob', at: 1_796_115_600 },
        budget: { calls: 3 },
        expiresAt: 1_796_115_900,
      },
    });
  });

  it('lets the suite, an entry and the test change any member of the input, the test last', () => {
    const cells = load({
      input: { hop: { boundary: 'suite' }, request: { headers: { 'x-a': '1' } } },
      actions: { draft: { input: { hop: { boundary: 'action', id: 'row' } } } },
      tests: [{ name: 'n', default: 'deny', now: '2026-12-01T10:00:00+01:00', input: { hop: { boundary: 'test' } } }],
    });
    const { input } = cell(cells, 'procurement/alice/draft/fitting');
    expect(input.hop).toMatchObject({ boundary: 'test', id: 'row', action: 'draft' });
    expect(input.request).toMatchObject({ method: 'GET', headers: { 'x-a': '1' } });
    expect(input.time).toBe(1_796_115_600);
  });

  it('expects of each cell what its row says, and else the default', () => {
    const expectRow = { agents: 'procurement', actions: ['draft'], outcome: 'allow', reasons: ['a'] };
    const cells = load({
      tests: [{ name: 'n', grants: 'fitting', people: 'alice', default: 'deny', expect: [expectRow] }],
    });
    expect(cells).toHaveLength(4);
    expect(cell(cells, 'procurement/alice/draft/fitting').expected).toMatchObject({ outcome: 'allow', reasons: ['a'] });
    expect(cell(cells, 'support/alice/draft/fitting').expected).toEqual({ outcome: 'deny' });
  });
});

describe('a suite that would not test what it says is refused', () => {
  const test = (parts: object) => ({ tests: [{ name: 'n', ...parts }] });
  it.each([
    ['a name that is on no side', test({ default: 'deny', agents: 'procurment' }), 'did you mean "procurement"?'],
    [
      'a name in a row that is on no side',
      test({ default: 'deny', expect: [{ people: 'eve', outcome: 'deny' }] }),
      'there is no "eve" among the people',
    ],
    [
      'a cell without an expectation',
      test({ expect: [{ agents: 'support', outcome: 'deny' }] }),
      'nothing is expected of the cell procurement/alice',
    ],
    [
      'a cell with two',
      test({ default: 'deny', expect: [{ agents: 'support', outcome: 'deny' }, { outcome: 'allow' }] }),
      'is also meant by row 2',
    ],
    [
      'a row for no cell',
      test({ default: 'deny', agents: 'support', expect: [{ agents: 'procurement', outcome: 'allow' }] }),
      'no cell of this test is meant',
    ],
    ['no cell at all', { people: {} }, 'makes no cell'],
    [
      'an input that no Check makes',
      test({ default: 'deny', input: { hop: { actions: ['x'] } } }),
      'no Check makes the input of procurement/alice/invoices.read/fitting: input.hop',
    ],
    ['an input of a wrong type', test({ default: 'deny', input: { time: 'now' } }), 'input.time'],
    [
      'too many cells',
      { people: Object.fromEntries(Array.from({ length: 2501 }, (_, at) => [`p${at}`, {}])) },
      'makes 20008 cells',
    ],
    ['an unknown key', { agent: {} }, 'unknown key "agent"; did you mean "agents"?'],
    ['a time without its offset', { now: '2026-12-01T09:00:00' }, 'must be a time such as'],
    ['an outcome that is none', test({ default: 'denied' }), 'use allow, deny, approval or fault'],
    ['no test', { tests: [] }, 'tests'],
  ])('%s', (_, changes, problem) => {
    expect(problemsOf(changes).join('\n')).toContain(problem);
  });

  it('with the place of the fault', () => {
    const folder = folderWith({
      'a_suite.yaml':
        'suite: x\nnow: 2026-12-01T09:00:00Z\nagents: { a: {} }\npeople: { p: {} }\nactions: { x: {} }\ntests:\n  - name: n\n    default: deny\n    expect:\n      - { agents: b, outcome: allow }\n',
    });
    expect(() => loadSuites(folder)).toThrow(/a_suite\.yaml:10:19: there is no "b"/);
  });
});

describe('suites of a folder', () => {
  it('are *_suite.yaml and what lies in a folder suites, however deep; nothing else', () => {
    const folder = folderWith({
      'b_suite.yml': { ...SUITE, suite: 'one' },
      'deep/suites/c.yaml': { ...SUITE, suite: 'two' },
      'data.yaml': 'x: 1',
      'fixtures/input.yaml': 'x: 1',
      'node_modules/x_suite.yaml': 'no suite',
      '.hidden/x_suite.yaml': 'no suite',
    });
    expect(new Set(loadSuites(folder).map(({ id }) => id.split('/')[0]))).toEqual(new Set(['one', 'two']));
  });

  it('tell the faults of all files at once', () => {
    const folder = folderWith({ 'a_suite.yaml': { ...SUITE, now: 1 }, 'b_suite.yaml': { ...SUITE, tests: 1 } });
    expect(() => loadSuites(folder)).toThrow(/a_suite\.yaml[^]*b_suite\.yaml/);
  });
});

describe('schema/policy-suite.schema.json', () => {
  const schema = JSON.parse(
    readFileSync(fileURLToPath(new URL('../../schema/policy-suite.schema.json', import.meta.url)), 'utf8'),
  ) as object;
  const accepts = (value: unknown) => new Ajv({ strict: true, formats: { 'date-time': true } }).validate(schema, value);

  it('takes a suite, and neither an unknown key nor a wrong type', () => {
    expect(accepts(SUITE)).toBe(true);
    expect(accepts({ ...SUITE, agent: {} })).toBe(false);
    expect(accepts({ ...SUITE, tests: 'x' })).toBe(false);
  });
});
