/**
 * Faults of ours never open Envoy (threats §14, promises 2 and 3). Real Envoy runs the shipped envoy/ingress.yaml with
 * `failure_mode_allow: true` set against us on purpose: a gRPC error or a timeout of ours would be an ALLOW. The check
 * server runs in this process, so that each step of the Check can be broken in turn.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { type CheckParts, STEPS } from '../../src/check.ts';
import type { Trail } from '../../src/provenance/trail.ts';
import type { CheckServer } from '../../src/server/listen.ts';
import { describeWithEnvoy } from '../envoy/with-envoy.ts';
import { type Answer, call } from '../fakes/agent.ts';
import { createAuthority, issueSvid } from '../fakes/ca.ts';
import { type CheckWorld, type ServeOptions, serveChecks, spiffe, startCheckWorld } from '../fakes/check-world.ts';
import { type Bootstrap, type Envoy, startEnvoy } from '../fakes/envoy.ts';
import { INGRESS, ingress } from '../fakes/ingress.ts';
import { startUpstream, type Upstream } from '../fakes/upstream.ts';

const HOST = 'erp.acme.example';
const root = createAuthority();
const server = issueSvid(root, { dns: [HOST] });
const client = issueSvid(root, { uris: [spiffe('procurement')] });

type Step = keyof typeof STEPS;
const NAMES = Object.keys(STEPS) as Step[];
const THROWN: readonly unknown[] = [new Error('broken'), new RangeError('out of memory'), 'text', undefined, null, {}];
const GARBAGE: readonly unknown[] = [
  undefined,
  null,
  {},
  [],
  '',
  'allow',
  0,
  1,
  true,
  { allow: true },
  { kind: 'allow', message: {} },
  { kind: 'allow', message: { status: { code: 0 } } },
  { kind: 'deny', message: { status: { code: 0 }, ok_response: {} } },
  Buffer.alloc(0),
  Buffer.from([0x1a, 0]),
  Promise.resolve({ allow: true }),
];

describeWithEnvoy('Envoy with failure_mode_allow', () => {
  let world: CheckWorld;
  let upstream: Upstream;
  let checks: CheckServer;
  let envoy: Envoy;
  let good: string;
  let broken: Partial<CheckParts> = {};
  let trails: Trail[] = [];
  let reached = 0;
  let before: Counts;
  let beforeRecord: () => void = () => {};

  const record: ServeOptions['record'] = (trail) => {
    trails.push(trail);
    beforeRecord();
  };

  beforeAll(async () => {
    [world, upstream] = await Promise.all([startCheckWorld(), startUpstream()]);
    checks = await serveChecks({ parts: () => world.parts(broken), record });
    envoy = await startEnvoy(lenient(checks, upstream));
    good = await world.token();
    // The issuer's keys are loaded before anything is broken.
    expect((await ask(envoy, good)).status).toBe(200);
  });
  afterAll(async () => {
    await Promise.all([envoy?.stop(), checks?.drain(), upstream?.stop(), world?.stop()]);
  });
  beforeEach(async () => {
    broken = {};
    beforeRecord = () => {};
    trails = [];
    reached = upstream.count();
    before = await countsOf(envoy);
  });
  afterEach(async () => {
    // What Envoy counted in this test is what we recorded, and none of it was an error to Envoy.
    const recorded = trails.length;
    const counts = await countsOf(envoy);
    expect(counts.ok + counts.denied - before.ok - before.denied).toBe(recorded);
    expect(recorded).toBeGreaterThan(0);
    expect(counts).toMatchObject({ error: 0, failure_mode_allowed: 0, timeout: 0 });
  });

  /** Every Check has something to spend, so that every step runs. */
  const identify: typeof STEPS.identify = async (...args) => ({
    ...(await STEPS.identify(...args)),
    once: [{ kind: 'token', key: randomUUID(), until: Date.now() + 1000 }],
  });
  const breakStep = (name: Step, step: () => unknown) => {
    broken = { steps: { ...STEPS, identify, [name]: step } };
  };
  const lastReason = () => trails.at(-1)?.refusal?.code;

  it('is open while all is well, so that the tests below could fail', async () => {
    broken = { steps: { ...STEPS, identify } };
    expect((await ask(envoy, good)).status).toBe(200);
    expect(upstream.count()).toBe(reached + 1);
  });

  it.each(NAMES)('stays shut when %s throws (E02)', async (name) => {
    for (const thrown of THROWN) {
      breakStep(name, () => {
        throw thrown;
      });
      expect((await ask(envoy, good)).status).toBe(503);
      expect(lastReason()).toBe('internal_error');
    }
    expect(upstream.count()).toBe(reached);
  });

  it.each(NAMES)('stays shut when %s never settles (E03)', async (name) => {
    breakStep(name, () => new Promise(() => {}));
    expect((await ask(envoy, good)).status).toBeGreaterThanOrEqual(400);
    // Only these are waited for; from any other step a promise is garbage.
    if (['identifyPeer', 'identify', 'spend'].includes(name)) expect(lastReason()).toBe('deadline_exceeded');
    expect(upstream.count()).toBe(reached);
  });

  it.each(NAMES)('stays shut when %s settles too late (E03)', async (name) => {
    breakStep(name, async () => {
      await sleep(300);
      return { allow: true };
    });
    expect((await ask(envoy, good)).status).toBeGreaterThanOrEqual(400);
    expect(upstream.count()).toBe(reached);
  });

  it.each(NAMES)('stays shut when %s returns garbage (E02)', async (name) => {
    for (const value of GARBAGE) {
      breakStep(name, () => value);
      const { status } = await ask(envoy, good);
      expect([value, status >= 400]).toEqual([value, true]);
    }
    expect(trails).toHaveLength(GARBAGE.length);
    expect(upstream.count()).toBe(reached);
  });

  it.each<[string, Partial<CheckParts>, string]>([
    ['no configuration is live (Y04)', { snapshot: () => undefined }, 'not_ready'],
    ['messages are over the limit', { maxMessageBytes: 100 }, 'malformed_check_request'],
  ])('stays shut when %s', async (_, parts, reason) => {
    broken = parts;
    expect((await ask(envoy, good)).status).toBeGreaterThanOrEqual(400);
    expect(lastReason()).toBe(reason);
    expect(upstream.count()).toBe(reached);
  });

  it('stays shut when the snapshot or the pseudonym cannot be had (E02)', async () => {
    const fail = () => {
      throw new Error('broken');
    };
    for (const parts of [{ snapshot: fail }, { subjectLabel: fail }]) {
      broken = parts;
      expect((await ask(envoy, good)).status).toBe(503);
      expect(lastReason()).toBe('internal_error');
    }
    expect(upstream.count()).toBe(reached);
  });

  it('gets its answers, and goes on getting them, when records cannot be made (T01)', async () => {
    beforeRecord = () => {
      throw new Error('disk full');
    };
    expect((await ask(envoy, good)).status).toBe(200);
    expect((await ask(envoy, 'garbage')).status).toBe(401);
    expect((await ask(envoy, good)).status).toBe(200);
    expect(upstream.count()).toBe(reached + 2);
  });

  it('stays shut under several broken calls at once', async () => {
    let turn = 0;
    const faults = [() => new Promise(() => {}), () => Promise.reject(new Error('broken')), () => ({ peer: {} })];
    breakStep('identify', () => faults[turn++ % faults.length]?.());
    // Few, because their TLS handshakes run on the thread that answers.
    const answers = await Promise.all(Array.from({ length: 9 }, () => ask(envoy, good)));
    expect(answers.every(({ status }) => status >= 400)).toBe(true);
    expect(trails).toHaveLength(9);
    expect(upstream.count()).toBe(reached);
  });
});

describeWithEnvoy('Envoy with failure_mode_allow, and a check server in distress', () => {
  it('stays shut when the keys of a first-seen token hang (J21)', async () => {
    await using scene = await distress();
    scene.world.issuer.behave('hang');
    expect((await ask(scene.envoy, await scene.world.token())).status).toBe(503);
    expect(scene.reasons).toEqual(['deadline_exceeded']);
    expect(await scene.settled(1)).toMatchObject({ ok: 0, denied: 1, error: 0, failure_mode_allowed: 0, timeout: 0 });
    expect(scene.upstream.count()).toBe(0);
  });

  it('stays shut when the keys cannot be had (J21)', async () => {
    await using scene = await distress();
    scene.world.issuer.behave('fail');
    expect((await ask(scene.envoy, await scene.world.token())).status).toBe(503);
    expect(scene.reasons).toEqual(['jwks_unavailable']);
    expect(await scene.settled(1)).toMatchObject({ ok: 0, denied: 1, error: 0, failure_mode_allowed: 0, timeout: 0 });
    expect(scene.upstream.count()).toBe(0);
  });

  it('stays shut when more Checks are in flight than the process takes on (N13)', async () => {
    await using scene = await distress({ maxInFlight: 0 });
    const token = await scene.world.token();
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(scene.envoy, token)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([429]));
    expect(new Set(scene.reasons)).toEqual(new Set(['overloaded']));
    expect(await scene.settled(20)).toMatchObject({ ok: 0, denied: 20, error: 0, failure_mode_allowed: 0, timeout: 0 });
    expect(scene.upstream.count()).toBe(0);
  });
});

/** The shipped config, but for the one setting that turns every error of ours into an ALLOW. */
function lenient(checks: CheckServer, upstream: Upstream): Bootstrap {
  return ingress({
    behalfPort: Number(checks.address.split(':')[1]),
    toolsPort: upstream.port,
    server,
    clientsCa: root.certificate,
    authz: { failure_mode_allow: true },
  });
}

interface Scene extends AsyncDisposable {
  readonly world: CheckWorld;
  readonly upstream: Upstream;
  readonly envoy: Envoy;
  readonly reasons: string[];
  /** Envoy's counters, once `count` records were made. */
  settled(count: number): Promise<Counts>;
}

/** A world of its own, whose issuer has not been asked for its keys yet. */
async function distress(options: Pick<ServeOptions, 'maxInFlight'> = {}): Promise<Scene> {
  const [world, upstream] = await Promise.all([startCheckWorld(), startUpstream()]);
  const reasons: string[] = [];
  const checks = await serveChecks({
    parts: () => world.parts(),
    record: ({ refusal }) => reasons.push(refusal?.code ?? 'allowed'),
    ...options,
  });
  const envoy = await startEnvoy(lenient(checks, upstream));
  return {
    world,
    upstream,
    envoy,
    reasons,
    settled: async (count) => {
      while (reasons.length < count) await sleep(1);
      return countsOf(envoy);
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all([envoy.stop(), checks.drain(), upstream.stop(), world.stop()]);
    },
  };
}

function ask(envoy: Envoy, token: string): Promise<Answer> {
  return call({
    port: envoy.port(INGRESS),
    host: HOST,
    path: '/v1/regions/eu/invoices/7',
    headers: { authorization: `Bearer ${token}` },
    tls: { ca: root.certificate, client },
  });
}

const COUNTERS = ['ok', 'denied', 'error', 'failure_mode_allowed'] as const;

interface Counts extends Readonly<Record<(typeof COUNTERS)[number], number>> {
  readonly timeout: number;
}

/** Envoy's own view of the Checks. A counter that does not exist yet is 0. */
async function countsOf(envoy: Envoy): Promise<Counts> {
  // The filter counts everything a second time for each cluster.
  const stats = await envoy.stats(/^http\..*\.ext_authz\.|^cluster\.behalf\.upstream_rq_timeout$/);
  const sum = (suffix: string) =>
    [...stats].filter(([name]) => name.endsWith(suffix)).reduce((total, [, value]) => total + value, 0);
  const counts = Object.fromEntries(COUNTERS.map((name) => [name, sum(`.behalf.${name}`)]));
  return { ...(counts as Record<(typeof COUNTERS)[number], number>), timeout: sum('upstream_rq_timeout') };
}
