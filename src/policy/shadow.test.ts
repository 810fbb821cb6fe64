import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EXAMPLE_INPUT, inputFor } from '../../test/fixtures/policy-input.ts';
import { createLog } from '../log.ts';
import { askPolicy } from './ask-policy.ts';
import { readBundle } from './bundle.ts';
import type { Candidate } from './candidate.ts';
import type { PolicyInput } from './input.ts';
import { DEFAULT_BUDGET } from './policy.ts';
import { createShadow, type Shadow, type Shadowed } from './shadow.ts';
import type { Verdict } from './verdict.ts';
import { compilePolicy } from './wasm.ts';

const entrypoint = 'behalf/authz/decision';
const told: string[] = [];
let shadow: Shadow;
/** The share of the time in which the Check's thread works. */
let busy: number;

beforeEach(() => {
  told.length = 0;
  busy = 0;
  const log = createLog({ sink: { write: (line) => void told.push(line) } });
  shadow = createShadow(log, () => busy);
});

afterEach(() => shadow.close());

function candidate(path: string, epoch = 1, budget = DEFAULT_BUDGET): Candidate {
  const bundle = readBundle(readFileSync(new URL(`../../${path}/bundle.tar.gz`, import.meta.url)));
  return { revision: bundle.revision, entrypoint, budget, bundle, sample: 1, epoch };
}

/** What the shipped policy says of an input. */
async function live(...inputs: readonly PolicyInput[]): Promise<Verdict> {
  return askPolicy(await compilePolicy({ bundle: candidate('policies').bundle, entrypoint }), inputs);
}

function ask(one: Candidate, first: PolicyInput, verdict: Verdict): Promise<Shadowed | undefined> {
  return new Promise((done) =>
    shadow.ask(one, { first, text: JSON.stringify(first), calls: undefined, live: verdict }, done),
  );
}

const shipped = candidate('policies');
/** Allows whatever is a GET, and denies all else: the disagreement that is to be found. */
const reading = candidate('test/fixtures/policies/log-rules');

describe('a shadow policy', () => {
  it('agrees with itself', async () => {
    expect(await ask(shipped, EXAMPLE_INPUT, await live(EXAMPLE_INPUT))).toEqual({
      revision: shipped.revision,
      result: 'agree',
      code: 'allowed',
      reasons: ['action_permitted'],
    });
  });

  it('finds each kind of disagreement, with its reason', async () => {
    const draft = { ...inputFor('payments.draft'), request: { ...EXAMPLE_INPUT.request, method: 'POST' } };
    expect(await ask(reading, draft, await live(draft))).toMatchObject({
      result: 'flip_to_deny',
      code: 'policy_denied',
      reasons: ['not_reading'],
    });
    const unknown = inputFor('nobody.may');
    expect(await ask(reading, unknown, await live(unknown))).toMatchObject({
      result: 'flip_to_allow',
      code: 'allowed',
      reasons: ['reading'],
    });
    expect(await ask(reading, EXAMPLE_INPUT, await live(EXAMPLE_INPUT))).toMatchObject({
      result: 'reason',
      reasons: ['reading'],
    });
    const silent = candidate('test/fixtures/policies/undefined');
    expect(await ask(silent, EXAMPLE_INPUT, await live(EXAMPLE_INPUT))).toMatchObject({
      result: 'error',
      code: 'policy_undefined',
    });
  });

  it('is asked about every element of a batch: one refusal is the verdict [E18]', async () => {
    const first = { ...EXAMPLE_INPUT, mcp: { method: 'tools/list', tool: null, arguments: null } };
    const echo = candidate('test/fixtures/policies/echo');
    const body = (allow: boolean): PolicyInput => ({
      ...first,
      request: { ...first.request, body: { state: 'ok', json: { allow, reasons: [] } } },
    });
    const calls = [0, 1].map(() => ({ method: 'tools/list', tool: undefined, arguments: undefined }));
    const verdict = await live(EXAMPLE_INPUT);
    const results = [true, false].map(
      (allow) =>
        new Promise((done) =>
          shadow.ask(echo, { first: body(allow), text: JSON.stringify(body(allow)), calls, live: verdict }, done),
        ),
    );
    expect(await Promise.all(results)).toMatchObject([{ code: 'allowed' }, { code: 'policy_denied' }]);
  });

  it('that runs away holds up nothing here: it is cut off on its own thread [P07]', async () => {
    const hostile = candidate('test/fixtures/policies/hostile', 1, 10_000_000);
    const bomb = inputFor('any', { bomb: 'pairs', size: 3000 });
    const verdict = await live(bomb);
    let [turns, longest, last] = [0, 0, performance.now()];
    const turn = setInterval(() => {
      turns += 1;
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 1);
    const seen = await ask(hostile, bomb, verdict);
    clearInterval(turn);
    expect(seen).toMatchObject({ result: 'error', code: 'policy_timeout' });
    // The bomb burns for 50 ms and more; had it burnt here, no timer would have fired meanwhile.
    expect(turns).toBeGreaterThan(5);
    expect(longest).toBeGreaterThan(0);
  });

  it('that cannot keep up is not asked, and says so at once: nothing piles up', async () => {
    const verdict = await live(EXAMPLE_INPUT);
    await ask(shipped, EXAMPLE_INPUT, verdict);
    const results = Array.from({ length: 1000 }, () => ask(shipped, EXAMPLE_INPUT, verdict));
    const settled = await Promise.all(results);
    const dropped = settled.filter((each) => each === undefined).length;
    expect(dropped).toBe(1000 - 128);
    expect(settled.filter((each) => each?.result === 'agree')).toHaveLength(128);
  });

  it('is asked about few while the Checks need the processor, and about all again afterwards', async () => {
    const verdict = await live(EXAMPLE_INPUT);
    const askedOf = async (count: number): Promise<number> => {
      const seen = await Promise.all(Array.from({ length: count }, () => ask(shipped, EXAMPLE_INPUT, verdict)));
      return seen.filter((each) => each !== undefined).length;
    };
    await ask(shipped, EXAMPLE_INPUT, verdict);
    busy = 0.9;
    // After a look at the latest.
    await vi.waitFor(async () => expect(await askedOf(100)).toBeLessThanOrEqual(16), { timeout: 5000 });
    busy = 0.1;
    await vi.waitFor(async () => expect(await askedOf(100)).toBe(100), { timeout: 5000 });
  });

  it('holds no more bytes than it is given, however few questions they are', async () => {
    const large = inputFor('any', { text: 'x'.repeat(3 * 1024 * 1024) });
    const verdict = await live(EXAMPLE_INPUT);
    await ask(shipped, EXAMPLE_INPUT, verdict);
    const settled = await Promise.all(Array.from({ length: 10 }, () => ask(shipped, large, verdict)));
    expect(settled.filter((each) => each === undefined)).toHaveLength(7);
  });

  it('gives way to a newer one, and never to an older one', async () => {
    const verdict = await live(EXAMPLE_INPUT);
    const newer = { ...reading, epoch: 2 };
    expect(await ask(shipped, EXAMPLE_INPUT, verdict)).toMatchObject({ result: 'agree' });
    expect(await ask(newer, EXAMPLE_INPUT, verdict)).toMatchObject({ revision: reading.revision, result: 'reason' });
    expect(await ask(shipped, EXAMPLE_INPUT, verdict)).toBeUndefined();
  });

  it('gives up at the end, and tells whoever waits', async () => {
    const waiting = ask(shipped, EXAMPLE_INPUT, await live(EXAMPLE_INPUT));
    await shadow.close();
    expect(await waiting).toBeUndefined();
    expect(await ask(shipped, EXAMPLE_INPUT, await live(EXAMPLE_INPUT))).toBeUndefined();
  });

  it('whose thread ends costs its questions, and nothing else', async () => {
    const broken = { ...shipped, bundle: { ...shipped.bundle, wasm: new Uint8Array([0]) } };
    expect(await ask(broken, EXAMPLE_INPUT, await live(EXAMPLE_INPUT))).toBeUndefined();
    await vi.waitFor(() => expect(told.join('')).toContain('the shadow policy ended'));
  });
});
