/** What serves once, or up to a limit, over two real processes on one file, all at the same moment. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDpopClient } from '../fakes/dpop-client.ts';
import { AUDIENCE, ask, type ProcessesWorld, startProcessesWorld } from './processes-world.ts';

const COPIES = 1000;

describe('a thousand calls at once over two processes', () => {
  let world: ProcessesWorld;

  beforeAll(async () => {
    world = await startProcessesWorld(1);
  });
  afterAll(() => world?.stop());

  /** How often each answer was given. */
  async function flood(bytes: Buffer): Promise<Map<string, number>> {
    const answers = await Promise.all(
      Array.from({ length: COPIES }, (_, n) => {
        const server = world.servers[n % world.servers.length];
        if (server === undefined) throw new TypeError('there is no server');
        return ask(server, bytes);
      }),
    );
    const counts = new Map<string, number>();
    for (const answer of answers) counts.set(answer, (counts.get(answer) ?? 0) + 1);
    return counts;
  }

  it('with one DPoP proof: exactly one passes [D01, D02]', async () => {
    await world.grant();
    const key = await createDpopClient();
    const token = await world.token({ cnf: { jkt: key.thumbprint } });
    const prove = () => key.prove({ token, url: `${AUDIENCE}/proof` });
    const message = async (): Promise<Buffer> =>
      world.message('/proof', token, { headers: { authorization: `DPoP ${token}`, dpop: await prove() } });
    for (const server of world.servers) {
      const warm = await message();
      await ask(server, warm);
    }
    // A machine so busy that the one that won is answered too late has let none pass: the next proof is tried.
    for (let attempt = 1; ; attempt += 1) {
      const bytes = await message();
      const counts = await flood(bytes);
      report('one proof', counts);
      const allowed = counts.get('allowed') ?? 0;
      expect(allowed).toBeLessThanOrEqual(1);
      for (const server of world.servers) {
        await expect.poll(() => ask(server, bytes), { timeout: 5000, interval: 5 }).toBe('dpop_replayed');
      }
      if (allowed === 1) break;
      expect(attempt).toBeLessThan(4);
    }
  });

  it('with a budget of 5,000 euros, and ten each: no more than that is spent', async () => {
    const limit = 500_000;
    await world.grant(
      { id: 'budget', budget: { amount: { limit, currency: 'EUR', field: '/amount' } } },
      { subject: 'bob' },
    );
    const bytes = world.message('/order', await world.token({ subject: 'bob' }), {
      method: 'POST',
      body: { amount: 10, currency: 'EUR' },
    });
    for (const server of world.servers) {
      await expect.poll(() => ask(server, bytes), { timeout: 5000, interval: 5 }).toBe('allowed');
    }
    const counts = await flood(bytes);
    report('one budget', counts);
    const allowed = (counts.get('allowed') ?? 0) + world.servers.length;
    expect(allowed).toBeGreaterThan(world.servers.length);
    expect(allowed * 1000).toBeLessThanOrEqual(limit);
  });
});

function report(what: string, counts: ReadonlyMap<string, number>): void {
  if (process.env['BEHALF_TRIALS'] === undefined) return;
  process.stderr.write(`${what}: ${[...counts].map(([reason, count]) => `${reason} ${count}`).join(', ')}\n`);
}
