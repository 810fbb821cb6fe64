import { setTimeout as sleep } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type CheckWorld, connect, type RawClient, reasonOf, startCheckWorld } from '../../test/fakes/check-world.ts';
import { check, refuse, STEPS } from '../check.ts';
import type { Trail } from '../provenance/trail.ts';
import { decodeCheckResponse } from '../wire.ts';
import type { AuthorizationParts, Decider } from './authorization.ts';
import { type CheckServer, startCheckServer } from './listen.ts';

let world: CheckWorld;
let server: CheckServer | undefined;
let client: RawClient | undefined;
let trails: Trail[] = [];

beforeAll(async () => {
  world = await startCheckWorld();
});
afterAll(() => world.stop());
afterEach(async () => {
  client?.close();
  await server?.drain();
});

const ANSWER = Buffer.from('the answer');
const never = () => new Promise<Buffer>(() => {});

/** A real server on a loopback port, with this Check behind it; its records are in `trails`. */
async function serve(checkIt: Decider['check'], over: Partial<AuthorizationParts> = {}): Promise<RawClient> {
  trails = [];
  server = await startCheckServer({
    address: '127.0.0.1:0',
    decider: { check: checkIt, refuse: refuse },
    record: (trail) => trails.push(trail),
    maxInFlight: 100,
    isReady: () => true,
    log: pino({ level: 'silent' }),
    ...over,
  });
  client = connect(server.address);
  return client;
}

const reasonIn = (bytes: Buffer): string => reasonOf(decodeCheckResponse(bytes));

/** Waits until the server has made `count` records, and lets any further one come. */
async function recorded(count: number): Promise<readonly Trail[]> {
  while (trails.length < count) await sleep(1);
  await sleep(20);
  return trails;
}

describe('a Check that the timer has answered', () => {
  it('uses nothing up afterwards [E03, D01]', async () => {
    let spends = 0;
    const answered = Promise.withResolvers<void>();
    const identify: typeof STEPS.identify = async (...args) => {
      const identity = await STEPS.identify(...args);
      await answered.promise;
      return { ...identity, once: [{ kind: 'dpop', key: 'p', until: Date.now() + 1000 }] };
    };
    const spend: typeof STEPS.spend = async (...args) => {
      spends += 1;
      return STEPS.spend(...args);
    };
    const parts = world.parts({ steps: { ...STEPS, identify, spend } });
    const settled: Promise<Buffer>[] = [];
    const caller = await serve((bytes, trail) => {
      const answer = check(bytes, trail, parts);
      settled.push(answer);
      return answer;
    });
    const answer = await caller.ask(await world.request());
    answered.resolve();
    expect(reasonIn(answer)).toBe('deadline_exceeded');
    expect(reasonIn(await (settled[0] as Promise<Buffer>))).toBe('deadline_exceeded');
    expect(spends).toBe(0);
  });
});

describe('a call', () => {
  it('is answered with the bytes of the Check, and recorded once', async () => {
    const caller = await serve(() => Promise.resolve(ANSWER));
    expect(await caller.ask(Buffer.from('x'))).toEqual(ANSWER);
    const made = await recorded(1);
    expect(made).toHaveLength(1);
    expect(made[0]?.answered).toBeGreaterThanOrEqual(made[0]?.started ?? Number.POSITIVE_INFINITY);
  });

  it('hands over the bytes as they came, an empty message included [E04]', async () => {
    const seen: number[] = [];
    const caller = await serve((bytes) => {
      seen.push(bytes.length);
      return Promise.resolve(ANSWER);
    });
    for (const size of [0, 1, 5 * 1024 * 1024]) await caller.ask(Buffer.alloc(size, 255));
    expect(seen).toEqual([0, 1, 5 * 1024 * 1024]);
  });

  it('is recorded once when the client has hung up, and its late answer is dropped (design §1.7)', async () => {
    let finish: (bytes: Buffer) => void = () => {};
    const started = Promise.withResolvers<void>();
    const caller = await serve(() => {
      started.resolve();
      return new Promise((resolve) => {
        finish = resolve;
      });
    });
    const cancelled = Promise.withResolvers<{ cancel(): void }>();
    const answer = caller.ask(Buffer.from('x'), {}, cancelled.resolve);
    await started.promise;
    (await cancelled.promise).cancel();
    await expect(answer).rejects.toMatchObject({ code: status.CANCELLED });
    finish(ANSWER);
    expect(await recorded(1)).toHaveLength(1);
    expect(server?.inFlight()).toBe(0);
  });

  it('whose Check never settles is answered by the timer and recorded once (E03)', async () => {
    const caller = await serve(never);
    expect(reasonIn(await caller.ask(Buffer.from('x')))).toBe('deadline_exceeded');
    const made = await recorded(1);
    expect(made.map(({ refusal }) => refusal?.code)).toEqual(['deadline_exceeded']);
  });

  it('whose Check settles after the timer keeps the first answer and the first record (E03)', async () => {
    let finish: (bytes: Buffer) => void = () => {};
    let walked: Trail | undefined;
    const caller = await serve((_, trail) => {
      walked = trail;
      return new Promise((resolve) => {
        finish = resolve;
      });
    });
    expect(reasonIn(await caller.ask(Buffer.from('x')))).toBe('deadline_exceeded');
    if (walked !== undefined) walked.policyRevision = 'written too late';
    finish(ANSWER);
    const made = await recorded(1);
    expect(made).toHaveLength(1);
    expect(made[0]?.policyRevision).toBeUndefined();
  });

  it('with a timeout of 140 ms is answered within it, where the usual budget is longer (E03)', async () => {
    const caller = await serve(never);
    const answer = await caller.ask(Buffer.from('x'), { deadline: Date.now() + 140 });
    expect(reasonIn(answer)).toBe('deadline_exceeded');
  });

  it('whose Check rejects is denied as a fault, and the log has the cause (E02)', async () => {
    const lines: string[] = [];
    const log = pino({}, { write: (line: string) => void lines.push(line) });
    const caller = await serve(() => Promise.reject(new Error('broken')), { log });
    expect(reasonIn(await caller.ask(Buffer.from('x')))).toBe('internal_error');
    expect(await recorded(1)).toHaveLength(1);
    expect(lines.join('')).toContain('broken');
  });

  it('whose record cannot be made is answered all the same, and so is the next (T01)', async () => {
    const lines: string[] = [];
    const log = pino({}, { write: (line: string) => void lines.push(line) });
    const record = () => {
      throw new Error('disk full');
    };
    const caller = await serve(() => Promise.resolve(ANSWER), { record, log });
    for (const _ of [1, 2]) expect(await caller.ask(Buffer.from('x'))).toEqual(ANSWER);
    await sleep(20);
    expect(lines.filter((line) => line.includes('disk full'))).toHaveLength(2);
  });

  it('takes the trace of its caller from the metadata alone (T09)', async () => {
    const caller = await serve(() => Promise.resolve(ANSWER));
    await caller.ask(Buffer.from('x'));
    expect((await recorded(1))[0]?.callerTrace).toEqual({});
  });
});

describe('a call too many', () => {
  it('is shed with a record of its own, and the place is free again after (N13)', async () => {
    const gate = Promise.withResolvers<Buffer>();
    const caller = await serve(() => gate.promise, { maxInFlight: 1 });
    const first = caller.ask(Buffer.from('x'));
    while (server?.inFlight() !== 1) await sleep(1);
    expect(reasonIn(await caller.ask(Buffer.from('x')))).toBe('overloaded');
    gate.resolve(ANSWER);
    expect(await first).toEqual(ANSWER);
    expect(await caller.ask(Buffer.from('x'))).toEqual(ANSWER);
    const made = await recorded(3);
    expect(made.map(({ refusal }) => refusal?.code)).toEqual(['overloaded', undefined, undefined]);
    expect(server.inFlight()).toBe(0);
  });
});

describe('many calls at once', () => {
  it('each get their own answer and their own record, whatever becomes of them (N11)', async () => {
    const message = await world.request();
    const kinds: Decider['check'][] = [
      () => Promise.resolve(ANSWER),
      never,
      () => Promise.reject(new Error('broken')),
      async () => {
        await sleep(5);
        return ANSWER;
      },
    ];
    let turn = 0;
    const caller = await serve((bytes, trail) => (kinds[turn++ % kinds.length] ?? never)(bytes, trail));
    const answers = await Promise.all(Array.from({ length: 80 }, () => caller.ask(message)));
    const told = answers.map((bytes) => (bytes.equals(ANSWER) ? 'answer' : reasonIn(bytes)));
    const count = (word: string) => told.filter((each) => each === word).length;
    expect([count('answer'), count('deadline_exceeded'), count('internal_error')]).toEqual([40, 20, 20]);
    const made = await recorded(80);
    expect(made).toHaveLength(80);
    expect(new Set(made.map(({ decisionId }) => decisionId)).size).toBe(80);
  });
});

describe('the real Check behind it', () => {
  it('allows over gRPC what check() allows, and denies by the timer what identify holds up', async () => {
    const request = await world.request();
    const caller = await serve((bytes, trail) => check(bytes, trail, world.parts()));
    expect(reasonIn(await caller.ask(request))).toBe('allowed');
    client?.close();
    await server?.drain();
    const steps = { ...STEPS, identify: (): Promise<never> => new Promise(() => {}) };
    const held = await serve((bytes, trail) => check(bytes, trail, world.parts({ steps })));
    const answer = decodeCheckResponse(await held.ask(request));
    expect(reasonOf(answer)).toBe('deadline_exceeded');
    expect(answer.dynamic_metadata?.fields?.['hop']?.stringValue).toBe('erp.invoices.read');
  });
});
