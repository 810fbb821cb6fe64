/**
 * A revocation that one process writes is refused by another within a second, on warm caches (design §1.8, §15). The first
 * trial of each kind is by the command line, the others by a process that writes to the same file. `BEHALF_TRIALS=200`
 * prints the distribution.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tokenId } from '../../src/identity/token-id.ts';
import type { RevocationTarget } from '../../src/store/store.ts';
import { runBehalf } from '../fakes/behalf-serve.ts';
import { ask, type Call, KEYS, type ProcessesWorld, startProcessesWorld } from './processes-world.ts';

const TRIALS = Number(process.env['BEHALF_TRIALS'] ?? 4);
/** What design §15 promises. */
const WITHIN_MS = 1000;
/** Issuers whose keys are revoked one by one come after those that are revoked whole. */
const SIZE = TRIALS + 1 + Math.ceil(TRIALS / KEYS);

interface Trial {
  /** Who calls, so that what is revoked is this trial's alone. */
  readonly call: Call & { readonly issuer: number };
  readonly target: RevocationTarget;
  /** The same, for the command line. */
  readonly verb: readonly string[];
  readonly reason: string;
}

describe('a revocation reaches another process', () => {
  let world: ProcessesWorld;
  const begun = Math.floor(Date.now() / 1000);

  beforeAll(async () => {
    world = await startProcessesWorld(SIZE);
  }, 120_000);
  afterAll(() => world?.stop());

  const trials: Readonly<Record<string, (n: number, grant: string) => Trial>> = {
    token: (n) => {
      const jti = `j-${n}`;
      const target = { kind: 'token', id: tokenId(world.issuer(TRIALS), { jti }) } as const;
      const verb = ['revoke', 'token', '--issuer', world.issuer(TRIALS), '--jti', jti];
      return { call: { issuer: TRIALS, jti, subject: `t-${n}` }, target, verb, reason: 'token_revoked' };
    },
    grant: (n, grant) => ({
      call: { issuer: TRIALS, subject: `g-${n}` },
      target: { kind: 'grant', id: grant },
      verb: ['grants', 'revoke', grant],
      reason: 'grant_revoked',
    }),
    subject: (n) => ({
      call: { issuer: TRIALS, subject: `s-${n}` },
      target: { kind: 'subject', issuer: world.issuer(TRIALS), id: `s-${n}` },
      verb: ['revoke', 'subject', `s-${n}`, '--issuer', world.issuer(TRIALS)],
      reason: 'subject_disabled',
    }),
    agent: (n) => ({
      call: { issuer: TRIALS, agent: n, subject: `a-${n}` },
      target: { kind: 'agent', name: world.agent(n) },
      verb: ['revoke', 'agent', world.agent(n)],
      reason: 'actor_disabled',
    }),
    key: (n) => {
      const issuer = TRIALS + 1 + Math.floor(n / KEYS);
      const kid = n % KEYS;
      return {
        call: { issuer, kid, agent: TRIALS, subject: `k-${n}` },
        target: { kind: 'key', issuer: world.issuer(issuer), kid: `k-${kid}` },
        verb: ['revoke', 'key', `k-${kid}`, '--issuer', world.issuer(issuer)],
        reason: 'key_revoked',
      };
    },
    issuer: (n) => ({
      call: { issuer: n, agent: TRIALS, subject: `i-${n}` },
      target: { kind: 'issuer', issuer: world.issuer(n) },
      verb: ['revoke', 'issuer', world.issuer(n)],
      reason: 'issuer_disabled',
    }),
    // Each token was issued a while after the one before, and each cutoff is that very moment.
    before: (n) => {
      const issuedAt = begun - 20_000 + n * 10;
      return {
        call: { issuer: TRIALS, agent: TRIALS, issuedAt, subject: `b-${n}` },
        target: { kind: 'before', time: issuedAt * 1000, issuer: world.issuer(TRIALS) },
        verb: ['revoke', 'before', new Date(issuedAt * 1000).toISOString(), '--issuer', world.issuer(TRIALS)],
        reason: 'token_revoked',
      };
    },
  };

  it.each(Object.keys(trials))(
    'of a kind: %s [A09, A10, J24, J27]',
    async (kind) => {
      const delays: number[] = [];
      for (let n = 0; n < TRIALS; n += 1) delays.push(await delayOf(kind, n));
      expect(Math.max(...delays)).toBeLessThanOrEqual(WITHIN_MS);
      if (TRIALS >= 100) process.stderr.write(`${kind.padEnd(8)} ${summary(delays)}\n`);
    },
    600_000,
  );

  /** From when the revocation is asked for (by the command line: from when it has ended) to the first denial. */
  async function delayOf(kind: string, n: number): Promise<number> {
    const [first, second] = world.servers;
    const make = trials[kind];
    if (first === undefined || second === undefined || make === undefined) throw new TypeError('a world of two');
    const grant = `grant-${kind}-${n}`;
    const { call, target, verb, reason } = make(n, grant);
    await world.grant({ id: grant }, call);
    const bytes = world.message(`/${call.issuer}/things`, await world.token(call), { agent: call.agent ?? 0 });
    // Both have seen the token; the second knows it by heart.
    await expect.poll(() => ask(first, bytes), { timeout: 5000, interval: 5 }).toBe('allowed');
    for (let time = 0; time < 3; time += 1) {
      await expect.poll(() => ask(second, bytes), { timeout: 5000, interval: 5 }).toBe('allowed');
    }
    const asked = performance.now();
    const isByHand = n === 0;
    if (isByHand) await runBehalf([...verb, '--reason', 'test', '--config', world.config]);
    else await world.writer.revoke(target);
    const begin = isByHand ? performance.now() : asked;
    for (;;) {
      const said = await ask(second, bytes);
      const delay = performance.now() - begin;
      if (said !== 'allowed' && said !== 'deadline_exceeded') {
        expect(said).toBe(reason);
        return delay;
      }
      if (delay > WITHIN_MS) throw new Error(`${kind}: still ${said} after ${delay.toFixed(0)} ms`);
    }
  }
});

function summary(delays: readonly number[]): string {
  const sorted = delays.toSorted((a, b) => a - b);
  const at = (share: number): string => (sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN).toFixed(1);
  const [min, p50, p99, max] = [at(1 / sorted.length), at(0.5), at(0.99), at(1)];
  return `${sorted.length} trials: min ${min}, p50 ${p50}, p99 ${p99}, max ${max} ms`;
}
