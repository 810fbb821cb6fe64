/** What policy authors copy: each policy says in our runtime, and in OPA, what its page says. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { loadMatrix } from '../../src/matrix/compile.ts';
import { asked } from '../../src/policy/asked.ts';
import { decide } from '../../src/policy/decide.ts';
import type { PolicyInput } from '../../src/policy/input.ts';
import { loadPolicy } from '../../src/policy/load.ts';
import { judgeCell } from '../../src/policy-suite/judge-cell.ts';
import { loadSuites } from '../../src/policy-suite/load-suites.ts';
import { runWithOpa } from '../../test/fakes/run-cli.ts';
import { describeWithOpa } from '../../test/fakes/with-opa.ts';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const root = (path: string) => here(`../../${path}`);
const read = (path: string) => readFileSync(here(path), 'utf8');
const EXAMPLES = readdirSync(here('.'), { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() ? [entry.name] : [],
);

const fixturesOf = (name: string) => readdirSync(here(`${name}/fixtures`)).map((file) => file.replace('.json', ''));
const fixture = (name: string, kind: string) => JSON.parse(read(`${name}/fixtures/${kind}.json`)) as PolicyInput;
const policyOf = (name: string) =>
  loadPolicy({ path: here(`${name}/bundle.tar.gz`), entrypoint: 'behalf/authz/decision' });

/** What the rows of the pages refer to. */
const AROUND = `trustDomain: prod.acme.example
authorities:
  workforce: { kind: oidc, issuer: https://idp.acme.example, owner: iam@acme.example }
agents:
  procurement: { spiffeId: spiffe://prod.acme.example/ns/agents/sa/procurement }
  settlement: { spiffeId: spiffe://prod.acme.example/ns/agents/sa/settlement }
  support: { spiffeId: spiffe://prod.acme.example/ns/agents/sa/support }
  research: { spiffeId: spiffe://prod.acme.example/ns/agents/sa/research }
`;

describe.each(EXAMPLES)('examples/policies/%s', (name) => {
  const page = read(`${name}/README.md`);

  it('is listed', () => {
    expect(readFileSync(here('../README.md'), 'utf8')).toContain(`(policies/${name}/README.md)`);
  });

  it('decides the whole matrix of its suite as expected', async () => {
    const policy = await policyOf(name);
    const cells = loadSuites(here(name));
    const failed = cells
      .map((cell) => ({ id: cell.id, ...judgeCell(policy, cell) }))
      .filter(({ wrong }) => wrong.length > 0);
    expect(failed).toEqual([]);
    expect(new Set(cells.map(({ expected }) => expected.outcome))).toContain('allow');
    expect(new Set(cells.map(({ expected }) => expected.outcome))).toContain('deny');
  });

  it('has fixtures that a Check could make', () => {
    const validate = new Ajv({ allowUnionTypes: true }).compile(
      JSON.parse(readFileSync(root('schema/policy-input.schema.json'), 'utf8')),
    );
    expect(fixturesOf(name)).toEqual(expect.arrayContaining(['allow', 'deny']));
    for (const kind of fixturesOf(name)) expect([kind, validate(fixture(name, kind))]).toEqual([kind, true]);
  });

  it('shows on its page what it says to each fixture', async () => {
    const policy = await policyOf(name);
    for (const kind of fixturesOf(name)) {
      const shown = page.split(`(fixtures/${kind}.json)`)[1]?.split('```json\n')[1]?.split('\n```')[0] ?? 'null';
      expect([kind, JSON.parse(shown)]).toEqual([kind, policy.evaluate(JSON.stringify(fixture(name, kind)))]);
    }
  });

  it('allows and denies what its fixtures are named for', async () => {
    const policy = await policyOf(name);
    const REFUSED: Readonly<Record<string, string>> = { deny: 'policy_denied', approval: 'approval_required' };
    for (const kind of fixturesOf(name)) {
      if (kind === 'allow') expect(decide(policy, asked(fixture(name, kind))).reasons).toHaveLength(1);
      else expect(() => decide(policy, asked(fixture(name, kind)))).toThrow(REFUSED[kind]);
    }
  });

  it('shows rows that are valid, and that ask for the approvals that it asks for', async () => {
    const rows = /```yaml\n(hops:\n[^]*?)```/.exec(page)?.[1];
    if (rows === undefined) return expect(name).toBe('business-hours');
    const file = join(mkdtempSync(join(tmpdir(), 'behalf-rows-')), 'matrix.yaml');
    writeFileSync(file, AROUND + rows);
    const hops = [...loadMatrix(file).hops.values()];
    expect(hops.length).toBeGreaterThan(0);
    if (!fixturesOf(name).includes('approval')) return;
    const said = (await policyOf(name)).evaluate(JSON.stringify(fixture(name, 'approval')));
    const fields = hops.flatMap(({ delegation }) =>
      delegation.approval === undefined ? [] : [delegation.approval.body],
    );
    expect(fields).toEqual([(said as { approval: { fields: string[] } }).approval.fields]);
  });
});

describe('examples/policies/business-hours', () => {
  interface Data {
    readonly schedules: { readonly office: { readonly holidays: readonly string[] } };
  }
  const BERLIN = new Intl.DateTimeFormat('en-GB', {
    timeZone: 'Europe/Berlin',
    weekday: 'short',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });

  /** The same question, answered by the calendar of ECMA-402. */
  function isOpen(time: number, holidays: readonly string[]): boolean {
    const part = Object.fromEntries(BERLIN.formatToParts(time * 1000).map(({ type, value }) => [type, value]));
    const clock = `${part['hour']}:${part['minute']}`;
    const date = `${part['year']}-${part['month']}-${part['day']}`;
    const isWorkday = part['weekday'] !== 'Sat' && part['weekday'] !== 'Sun' && !holidays.includes(date);
    return isWorkday && clock >= '09:00' && clock < '17:30' && date <= '2027-12-31';
  }

  it('is open when a clock at the office says so, through two years of summer times', async () => {
    const policy = await policyOf('business-hours');
    const { schedules } = JSON.parse(read('business-hours/data.json')) as Data;
    const asked = fixture('business-hours', 'allow');
    const start = Date.parse('2025-11-01T00:00:00Z') / 1000;
    let open = 0;
    // Not a multiple of an hour, so that the minutes move through it.
    for (let time = start; time < start + 830 * 86_400; time += 4 * 3600 + 7 * 60) {
      const { reasons } = policy.evaluate(JSON.stringify({ ...asked, time })) as { reasons: [{ code: string }] };
      const expected = isOpen(time, schedules.office.holidays) ? 'action_permitted_in_hours' : 'outside_hours';
      if (reasons[0].code !== expected) expect.fail(`${time}: ${reasons[0].code}, expected ${expected}`);
      open += expected === 'outside_hours' ? 0 : 1;
    }
    expect(open).toBeGreaterThan(900);
  });
});

describeWithOpa('examples/policies, copied as their pages say', (opa) => {
  const copied = (name: string) => {
    const folder = mkdtempSync(join(tmpdir(), 'behalf-copied-'));
    cpSync(here(name), folder, { recursive: true });
    cpSync(root('policies/lib'), join(folder, 'lib'), { recursive: true });
    return folder;
  };

  it.each(EXAMPLES)('pass the commands on the page of %s', async (name) => {
    const folder = copied(name);
    const commands = read(`${name}/README.md`).match(/(?<=^npm run behalf -- ).*/gm) ?? [];
    expect(commands.map((command) => command.split(' ')[1])).toEqual(['check', 'test', 'eval']);
    for (const command of commands) {
      const { code, out, err } = await runWithOpa(...command.replaceAll(`/tmp/${name}`, folder).split(' '));
      expect([command, code, `${out}${err}`]).toEqual([command, 0, expect.not.stringContaining('warning')]);
    }
  });

  it.each(EXAMPLES)('say in OPA what they say in our runtime: %s', async (name) => {
    const policy = await policyOf(name);
    const folder = copied(name);
    for (const kind of fixturesOf(name)) {
      const input = here(`${name}/fixtures/${kind}.json`);
      const asked = ['eval', '--bundle', folder, '--input', input, '--format', 'pretty', 'data.behalf.authz.decision'];
      expect(JSON.parse(opa(folder, ...asked).said)).toEqual(policy.evaluate(JSON.stringify(fixture(name, kind))));
    }
  });
});
