import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { recordLine } from '../../test/fakes/record-line.ts';
import { run } from '../../test/fakes/run-cli.ts';
import { CANARY, fullTrail } from '../../test/fakes/trail.ts';
import { EXAMPLE_INPUT, inputFor } from '../../test/fixtures/policy-input.ts';
import { asked as askedOf } from '../policy/asked.ts';
import { readBundle } from '../policy/bundle.ts';
import type { PolicyInput } from '../policy/input.ts';
import type { Trail } from '../provenance/trail.ts';
import { Refusal } from '../refusals.ts';

const root = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const SHIPPED = root('policies/bundle.tar.gz');
/** Allows whatever is a GET, and denies all else. */
const READING = root('test/fixtures/policies/log-rules/bundle.tar.gz');
const revisionOf = (path: string): string => readBundle(readFileSync(path)).revision;
const KNOWN = { place: { parent: undefined, trusted: false, link: undefined }, context: undefined };

let folder: string;
let records: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'behalf-change-'));
  records = join(folder, 'records.ndjson');
});

function denied(code: 'policy_denied' | 'approval_required', reason: string): Refusal {
  return new Refusal(code, 'no', { reasons: [{ code: reason, message: 'no' }] });
}

/** The trail of a Check that policy was asked about. */
function asked(input: PolicyInput, known: Partial<Trail> = {}): Trail {
  const { outcome: _, ...trail } = fullTrail();
  return { ...trail, asked: askedOf(input), ...known };
}

const PERMITTED = {
  allow: true,
  reasons: [{ code: 'action_permitted', message: 'ok' }],
  headers: {},
  metadata: {},
} as const;
const write = (input: PolicyInput): PolicyInput => ({ ...input, request: { ...input.request, method: 'POST' } });

/** What the shipped policy said once. */
function history(): Trail[] {
  return [
    asked(EXAMPLE_INPUT, { outcome: PERMITTED }),
    asked(write(inputFor('payments.draft')), { outcome: PERMITTED }),
    asked(inputFor('payments.finalize'), { refusal: denied('approval_required', 'approval_missing') }),
    asked(write(inputFor('nobody.may')), { refusal: denied('policy_denied', 'action_not_permitted') }),
    asked(inputFor('nobody.may'), { refusal: denied('policy_denied', 'action_not_permitted') }),
    // What a later step refused, policy had allowed.
    asked(EXAMPLE_INPUT, { outcome: PERMITTED, refusal: new Refusal('grant_spent', 'used up') }),
    fullTrail({ asked: undefined as never, refusal: new Refusal('token_expired', 'exp') }),
  ];
}

function keep(...trails: readonly Trail[]): void {
  const lines = trails.map((trail) => `${recordLine(trail, KNOWN)}\n`);
  writeFileSync(records, `${lines.join('')}not a record\n`);
}

interface Report {
  readonly report: Record<string, unknown> & { readonly changes: Record<string, number>; readonly undecidable: object };
}

async function report(...args: readonly string[]): Promise<Report['report']> {
  const { code, out, err } = await run('policy', 'replay', records, '--json', ...args);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return (JSON.parse(out) as Report).report;
}

describe('policy replay', () => {
  it('counts first what it rests on: what was compared, refused earlier, not decidable, no record', async () => {
    keep(...history());
    const { records: all, compared, earlier, undecidable, skipped, changes } = await report('--candidate', SHIPPED);
    expect({ all, compared, earlier, skipped }).toEqual({ all: 7, compared: 4, earlier: 1, skipped: 1 });
    // The shipped policy reads a claim where something is written, and records have none.
    expect(undecidable).toEqual({
      records: 2,
      read: { '/input/subject/claims': 2 },
      byHop: { 'erp.invoices.read': 2 },
    });
    expect(changes).toEqual({ agree: 4, flip_to_deny: 0, flip_to_allow: 0, reason: 0, error: 0 });
  });

  it('finds each flip, with the rules, agent and hop it is of', async () => {
    keep(...history());
    const { compared, changes, byRule, byAgent, byHop, examples } = await report('--candidate', READING);
    expect(compared).toBe(6);
    expect(changes).toEqual({ agree: 0, flip_to_deny: 1, flip_to_allow: 2, reason: 3, error: 0 });
    expect(byRule).toMatchObject({
      'allowed action_permitted -> policy_denied not_reading': { flip_to_deny: 1 },
      'policy_denied action_not_permitted -> allowed reading': { flip_to_allow: 1 },
      'approval_required approval_missing -> allowed reading': { flip_to_allow: 1 },
    });
    expect(byAgent).toMatchObject({ procurement: { flip_to_deny: 1, flip_to_allow: 2 } });
    expect(byHop).toMatchObject({ 'erp.invoices.read': { flip_to_deny: 1, flip_to_allow: 2 } });
    expect(examples).toHaveLength(6);
  });

  it('does not guess: what a record has not kept is not taken for anything', async () => {
    const draft = write(inputFor('payments.draft'));
    // With these claims the shipped policy denies; without any it would allow.
    const bound = { ...draft, subject: { ...draft.subject, claims: { read_only: true } } };
    keep(asked(bound, { refusal: denied('policy_denied', 'action_not_permitted') }));
    expect(await report('--candidate', SHIPPED)).toMatchObject({ compared: 0, undecidable: { records: 1 } });
    // Where policy saw that there are none, that is known.
    const none = { ...draft, subject: { ...draft.subject, claims: {} } };
    keep(asked(none, { outcome: PERMITTED }));
    expect(await report('--candidate', SHIPPED)).toMatchObject({ compared: 1, changes: { agree: 1 } });
  });

  it('decides everything where records are full', async () => {
    const full = { detail: 'full', labelOf: () => 'alice', isPlain: true } as const;
    writeFileSync(
      records,
      history()
        .map((trail) => `${recordLine(trail, KNOWN, full)}\n`)
        .join(''),
    );
    expect(await report('--candidate', SHIPPED)).toMatchObject({
      compared: 6,
      undecidable: { records: 0 },
      changes: { agree: 6 },
    });
  });

  it('compares two policies on the same requests, where the live one is named', async () => {
    keep(...history());
    expect(await report('--candidate', READING, '--live', READING)).toMatchObject({
      compared: 6,
      changes: { agree: 6 },
    });
    const diff = await run('policy', 'diff', SHIPPED, READING, '--against', records, '--json');
    expect(diff.code).toBe(0);
    // What either of them reads and the record has not, neither can be judged by.
    expect((JSON.parse(diff.out) as Report).report).toMatchObject({ compared: 4, undecidable: { records: 2 } });
  });

  it.each([
    ['flips', READING, 4],
    ['flips', SHIPPED, 0],
    ['changes', SHIPPED, 0],
  ])('with --fail-on %s exits for a pipeline', async (what, candidate, code) => {
    keep(...history());
    expect((await run('policy', 'replay', records, '--candidate', candidate, '--fail-on', what)).code).toBe(code);
  });

  it('with --fail-on does not pass where nothing was compared', async () => {
    keep(fullTrail({ asked: undefined as never, refusal: new Refusal('token_expired', 'exp') }));
    expect((await run('policy', 'replay', records, '--candidate', SHIPPED, '--fail-on', 'flips')).code).toBe(4);
    expect((await run('policy', 'replay', records, '--candidate', SHIPPED)).code).toBe(0);
  });

  it('says it in words, and in Markdown that no name in a record can break', async () => {
    keep(
      ...history(),
      asked(EXAMPLE_INPUT, { outcome: { ...PERMITTED, reasons: [{ code: '`x|<b>`\n', message: '' }] } }),
    );
    const matrix = ['--matrix', root('demo/matrix.yaml')];
    const { out } = await run('policy', 'replay', records, '--candidate', READING, ...matrix);
    expect(out).toMatch(/^Candidate \w+ against what was recorded: 7 of 8 records compared \(87\.5 %\)\.\n/);
    expect(out.indexOf('Rows not observed')).toBeLessThan(out.indexOf('allow -> deny'));
    expect(out).toContain('1  refused before policy was asked');
    const { out: markdown } = await run('policy', 'replay', records, '--candidate', READING, '--format', 'markdown');
    const rows = markdown.split('\n').filter((line) => line.startsWith('|'));
    expect(rows.length).toBeGreaterThan(10);
    expect(markdown).toContain('| `allowed  x\\|<b> ? -> allowed reading` |');
    expect(markdown).not.toContain(CANARY);
  });

  it('takes a batch for as many questions as it was', async () => {
    const calls = [{ method: 'tools/list', tool: undefined, arguments: undefined }];
    const { routed } = fullTrail() as Required<Trail>;
    const mcp = { method: 'tools/list', tool: null, arguments: null };
    const batch = {
      ...asked({ ...EXAMPLE_INPUT, mcp }, { outcome: PERMITTED }),
      routed: { ...routed, mcp: [...calls, ...calls] },
    };
    keep(batch);
    expect(await report('--candidate', SHIPPED)).toMatchObject({ compared: 1, changes: { agree: 1 } });
  });

  it.each([
    ['a file that is not there', ['/nowhere.ndjson', '--candidate', SHIPPED], 2, /cannot be read/],
    ['a candidate that is no bundle', ['RECORDS', '--candidate', '/nowhere.tar.gz'], 3, /nowhere/],
    ['no candidate', ['RECORDS'], 2, /--candidate/],
  ])('refuses %s', async (_, args, code, message) => {
    keep(...history());
    const said = await run('policy', 'replay', ...args.map((arg) => (arg === 'RECORDS' ? records : arg)));
    expect(said.code).toBe(code);
    if (code !== 2 || args.length > 1) expect(said.err).toMatch(message);
  });
});

describe('policy promote', () => {
  let live: string;
  let candidate: string;
  let config: string;
  let server: Server;
  let metrics: string;

  beforeEach(async () => {
    live = join(folder, 'live.tar.gz');
    candidate = join(folder, 'candidate.tar.gz');
    config = join(folder, 'behalf.yaml');
    copyFileSync(SHIPPED, live);
    copyFileSync(READING, candidate);
    server = createServer((_, response) => response.end(metrics));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const admin = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    writeFileSync(
      config,
      `listen: {admin: "${admin}"}\nmatrix: ${root('demo/matrix.yaml')}\npolicy: {bundle: ./live.tar.gz, shadow: {bundle: ./candidate.tar.gz}}\n`,
    );
    metrics = seen({ agree: 100 });
  });

  afterEach(() => new Promise((resolve) => server.close(resolve)));

  function seen(results: Readonly<Record<string, number>>, shadow = revisionOf(READING)): string {
    const lines = Object.entries(results).map(
      ([result, n]) => `behalf_shadow_total{hop="a",result="${result}"} ${n}\n`,
    );
    return [
      `behalf_policy_info{revision="${revisionOf(SHIPPED)}"} 1\n`,
      `behalf_shadow_info{revision="${shadow}"} 1\n`,
      'behalf_shadow_dropped_total 3\n',
      ...lines,
    ].join('');
  }

  const promote = (...args: readonly string[]) => run('policy', 'promote', '-c', config, ...args);
  const isReplaced = (): boolean => readFileSync(live).equals(readFileSync(READING));

  it('puts the candidate in the place of the live one, in one rename, and says what it did', async () => {
    const { code, out } = await promote();
    expect(code).toBe(0);
    expect(out).toContain(`is ${revisionOf(READING)} now, and was ${revisionOf(SHIPPED)}`);
    expect(isReplaced()).toBe(true);
    expect(readdirSync(folder).sort()).toEqual(['behalf.yaml', 'candidate.tar.gz', 'live.tar.gz']);
  });

  it('refuses where the shadow disagreed, until that many are accepted', async () => {
    metrics = seen({ agree: 90, flip_to_deny: 2, reason: 1, error: 1 });
    const refused = await promote('--json');
    expect(refused.code).toBe(4);
    expect(JSON.parse(refused.out)).toMatchObject({
      ok: false,
      promoted: false,
      seen: { asked: 94, disagreements: 4 },
    });
    expect((await promote('--accept-disagreements', '3')).code).toBe(4);
    expect(isReplaced()).toBe(false);
    expect((await promote('--accept-disagreements', '4')).code).toBe(0);
    expect(isReplaced()).toBe(true);
  });

  it('refuses a candidate that was asked too little: it has agreed with nothing', async () => {
    metrics = seen({});
    const { code, err } = await promote();
    expect(code).toBe(4);
    expect(err).toContain('asked about 0 Checks, and 1 are needed; it was too busy for 3');
    metrics = seen({ agree: 5 });
    expect((await promote('--min-checks', '6')).code).toBe(4);
    expect(isReplaced()).toBe(false);
  });

  it('takes no figures of other policies for those of these', async () => {
    metrics = seen({ agree: 5 }, 'another');
    const { code, err } = await promote();
    expect(code).toBe(2);
    expect(err).toContain('has another as its shadow');
    metrics = seen({ agree: 5 }).replace(revisionOf(SHIPPED), 'other');
    expect((await promote()).err).toContain('decides by other');
    expect(isReplaced()).toBe(false);
  });

  it('counts records instead, but only those of this pair', async () => {
    const [from, to] = [revisionOf(SHIPPED), revisionOf(READING)];
    const line = (result: string, policy = from, shadow = to): string => {
      const shadowed = { revision: shadow, result, code: 'allowed', reasons: [] } as never;
      return `${recordLine(fullTrail({ policyRevision: policy }), { ...KNOWN, shadowed })}\n`;
    };
    writeFileSync(
      records,
      line('agree') + line('flip_to_deny', 'older') + line('flip_to_deny', from, 'older') + line('agree'),
    );
    const { code, out } = await promote('--records', records, '--json');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ promoted: true, from, to, seen: { asked: 2, disagreements: 0 } });
  });

  it('with --dry-run replaces nothing', async () => {
    const { code, out } = await promote('--dry-run');
    expect({ code, isReplaced: isReplaced() }).toEqual({ code: 0, isReplaced: false });
    expect(out).toContain('It can be promoted');
  });

  it('promotes nothing over itself', async () => {
    copyFileSync(SHIPPED, candidate);
    metrics = seen({ agree: 5 }, revisionOf(SHIPPED));
    expect(await promote()).toMatchObject({ code: 4 });
  });

  it('leaves alone what is no file of its own, such as a link of a ConfigMap', async () => {
    const linked = join(folder, 'linked.tar.gz');
    symlinkSync(live, linked);
    const { code, err } = await promote('--set', `policy.bundle=${linked}`);
    expect(code).toBe(2);
    expect(err).toContain('is no plain file');
    expect(existsSync(linked)).toBe(true);
  });

  it('needs a shadow, and a process that answers', async () => {
    writeFileSync(config, `matrix: ${root('demo/matrix.yaml')}\npolicy: {bundle: ./live.tar.gz}\n`);
    expect((await promote()).err).toContain('policy.shadow is not set');
    writeFileSync(
      config,
      `listen: {admin: "127.0.0.1:1"}\nmatrix: ${root('demo/matrix.yaml')}\npolicy: {bundle: ./live.tar.gz, shadow: {bundle: ./candidate.tar.gz}}\n`,
    );
    expect((await promote()).err).toContain('does not answer');
  });
});
