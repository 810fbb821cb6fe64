/**
 * Reloads under load: each swaps matrix, policy module, data and configuration at once, while the real check server is asked
 * without a pause. Every decision must be of one of them alone, no client may notice, and a corrupt bundle in between must
 * change nothing (threats P09, P13). Seeded; `BEHALF_RELOADS=10000` runs the number that is claimed and prints its figures.
 */
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { STEPS } from '../../src/check.ts';
import { loadConfig } from '../../src/config/load.ts';
import { type Reloader, startReloader } from '../../src/config/reload.ts';
import { createLog } from '../../src/log.ts';
import type { Trail } from '../../src/provenance/trail.ts';
import type { CheckServer } from '../../src/server/listen.ts';
import { decodeCheckResponse } from '../../src/wire.ts';
import { type CheckWorld, connect, reasonOf, serveChecks, startCheckWorld } from '../fakes/check-world.ts';
import { changed, filesOf, manifestOf, packed } from '../fakes/policy-bundle.ts';
import { type Random, randomOf } from '../fuzz/random.ts';

const RELOADS = Number(process.env['BEHALF_RELOADS'] ?? (process.env['CI'] ? 2000 : 200));
const CLIENTS = 8;
const SLOW_MS = 30;
/** Every so many reloads meet a corrupt bundle. */
const CORRUPT_EVERY = 10;

const MATRIX = readFileSync(new URL('../../demo/matrix.yaml', import.meta.url), 'utf8');
const POLICY = filesOf(new URL('../fixtures/policies/marks/bundle.tar.gz', import.meta.url));

describe(`${RELOADS} reloads under load`, () => {
  let world: CheckWorld;
  let reloader: Reloader;
  let checks: CheckServer;
  let folder: string;
  const mixed: unknown[] = [];
  const seen = new Set<string>();
  /** Checks that ended under another snapshot than the one that they began with. */
  let across = 0;

  beforeAll(async () => {
    world = await startCheckWorld();
    folder = mkdtempSync(join(tmpdir(), 'behalf-reloads-'));
    put(1, bundle(1));
    const load = () => loadConfig({ path: join(folder, 'behalf.yaml'), env: {} });
    const log = createLog({ level: 'silent' });
    const never = { quietMs: 2 ** 30, pollMs: 2 ** 30 };
    reloader = await startReloader(load(), { configPath: join(folder, 'behalf.yaml'), load, log, ...never });
    const parts = { snapshot: reloader.snapshot, steps: { ...STEPS, identify: slowly } };
    checks = await serveChecks({ parts: () => world.parts(parts), record: judge });
  }, 60_000);
  afterAll(async () => {
    reloader?.close();
    await Promise.all([checks?.drain(), world?.stop()]);
  });

  /** Everything that one Check was decided by, from where it was used. */
  function judge({ policyRevision, outcome, routed, denialDetail, refusal, epoch }: Trail): void {
    if (epoch !== reloader.snapshot().epoch) across += 1;
    if (refusal !== undefined || outcome === undefined) return;
    const marks = [
      policyRevision,
      outcome.metadata['policy']?.replace(/^policy-0*/, ''),
      outcome.metadata['data']?.replace(/^data-0*/, ''),
      routed?.hop.boundary.replace('reload ', ''),
    ];
    seen.add(marks[0] ?? '');
    if (new Set(marks).size > 1 || denialDetail !== detailOf(Number(marks[0]))) mixed.push([...marks, denialDetail]);
  }

  function put(revision: number, bytes: Uint8Array): void {
    const at = (name: string) => join(folder, name);
    writeFileSync(at(`bundle-${revision}.tar.gz`), bytes);
    writeFileSync(at(`matrix-${revision}.yaml`), MATRIX.replaceAll(/boundary: .*/g, `boundary: reload ${revision}`));
    const issuers = `issuers: [{ issuer: "https://idp.acme.example", jwks: { uri: "${world.issuer.jwksUri}" } }]`;
    const rest = `matrix: ./matrix-${revision}.yaml\npolicy: { bundle: ./bundle-${revision}.tar.gz }\ndenials: { detail: ${detailOf(revision)} }`;
    writeFileSync(at('new.yaml'), `${issuers}\n${rest}\n`);
    renameSync(at('new.yaml'), at('behalf.yaml'));
    for (const name of [`bundle-${revision - 3}.tar.gz`, `matrix-${revision - 3}.yaml`])
      rmSync(at(name), { force: true });
  }

  it('mix nothing, are noticed by nobody, and keep the last good one through every corrupt bundle [P09, P13]', async () => {
    let request = await world.request({ rawHeaders: true });
    const done = new AbortController();
    let asked = 0;
    let late = 0;
    const errors = new Map<string, number>();
    const fail = (what: string): void => void errors.set(what, (errors.get(what) ?? 0) + 1);
    const load = Array.from({ length: CLIENTS }, async () => {
      const client = connect(checks.address);
      while (!done.signal.aborted) {
        asked += 1;
        const answer = await client.ask(request).catch((error: unknown) => fail(String(error)));
        const reason = answer && reasonOf(decodeCheckResponse(answer));
        if (reason === 'deadline_exceeded') late += 1;
        else if (reason !== undefined && reason !== 'allowed') fail(reason);
      }
      client.close();
    });
    const began = performance.now();
    const random = randomOf(7, 0);
    let live = 1;
    const wrong: unknown[] = [];
    for (let revision = 2; revision <= RELOADS + 1; revision += 1) {
      // A token lives for ten minutes, and this may last longer.
      if (revision % 100 === 0) request = await world.request({ rawHeaders: true });
      const whole = bundle(revision);
      const isCorrupt = revision % CORRUPT_EVERY === 0;
      put(revision, isCorrupt ? corrupt(whole, random) : whole);
      const { ok } = await reloader.reload('storm');
      if (!isCorrupt) live = revision;
      if (ok === isCorrupt || reloader.snapshot().policy.revision !== String(live)) wrong.push({ revision, ok });
    }
    done.abort();
    await Promise.all(load);
    const seconds = Math.round((performance.now() - began) / 1000);
    const figures = {
      reloads: RELOADS,
      seconds,
      checks: asked,
      revisions: seen.size,
      mixed: mixed.length,
      errors: Object.fromEntries(errors),
      late,
      acrossASwap: across,
    };
    if (process.env['BEHALF_RELOADS'] !== undefined) process.stdout.write(`${JSON.stringify(figures)}\n`);
    expect({ mixed, errors, wrong }).toEqual({ mixed: [], errors: new Map(), wrong: [] });
    // A machine that does something else answers late by itself; a reload that held up every Check would show as a share.
    expect(late).toBeLessThan(asked / 100);
    // It was under load: Checks were in the middle when the snapshot was swapped, and nearly every one decided something.
    expect(across).toBeGreaterThan(RELOADS / 2);
    expect(seen.size).toBeGreaterThan(RELOADS * 0.5);
  }, 7_200_000);
});

function detailOf(revision: number): 'class' | 'full' {
  return revision % 2 === 0 ? 'full' : 'class';
}

/** Every other Check is under way for a while, so that swaps happen in the middle of many. */
let turn = 0;
const slowly: typeof STEPS.identify = async (...args) => {
  turn += 1;
  if (turn % 2 === 0) await delay(turn % SLOW_MS);
  return STEPS.identify(...args);
};

/** A bundle whose module and whose data carry the revision, beside its manifest. */
function bundle(revision: number): Uint8Array<ArrayBuffer> {
  const mark = (text: string): string => `${text}-${String(revision).padStart(7, '0')}`;
  const wasm = Buffer.from(POLICY['policy.wasm'] ?? '')
    .toString('latin1')
    .replaceAll('policy-0000000', mark('policy'));
  return packed(
    changed(POLICY, {
      '.manifest': manifestOf({ revision: String(revision) }),
      'policy.wasm': new Uint8Array(Buffer.from(wasm, 'latin1')),
      'data.json': JSON.stringify({ marks: { data: mark('data') } }),
    }),
  );
}

function corrupt(whole: Uint8Array<ArrayBuffer>, random: Random): Uint8Array<ArrayBuffer> {
  const at = random.below(whole.length);
  const doubled = new Uint8Array(Buffer.concat([whole, whole]));
  return random.pick([whole.subarray(0, at), whole.slice().fill(0, at, at + 64), doubled]);
}
