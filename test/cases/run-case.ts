import type { Case } from './case-schema.ts';
import type { CaseWorld } from './case-world.ts';
import { judge } from './judge.ts';
import type { Observed } from './observed.ts';
import { type Prepared, prepare } from './prepare.ts';
import { writeStore } from './write-store.ts';

/** Sends a request once, in one of the three ways. */
export type Drive = (request: Prepared, one: Case) => Promise<Observed>;

const ATTEMPTS = 4;

/**
 * Sets a case up, sends its request, and judges what is seen. A machine so busy that it misses the deadline has said
 * nothing about the case: it is asked again, with new credentials and an empty store.
 */
export async function runCase(one: Case, world: CaseWorld, drive: Drive): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const { request, seen } = await attemptCase(one, world, drive);
    const reason = seen.records[0]?.authz['reason'];
    if (reason === 'deadline_exceeded' && one.expect.reason !== reason && attempt < ATTEMPTS) continue;
    judge(one, request, seen);
    return;
  }
}

async function attemptCase(one: Case, world: CaseWorld, drive: Drive): Promise<{ request: Prepared; seen: Observed }> {
  world.setUp(one);
  const request = await prepare(one, world);
  await writeStore(one, request, world);
  const earlier = (one.request.times ?? 1) - 1;
  for (let time = 0; time < earlier; time += 1) {
    const { reached, records } = await drive(request, one);
    if (!reached && records[0]?.authz['reason'] !== 'deadline_exceeded') {
      throw new Error(`request ${time + 1} was denied: ${String(records[0]?.authz['reason'])}`);
    }
  }
  return { request, seen: await drive(request, one) };
}
