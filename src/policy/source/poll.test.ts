import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type BundleServer, startBundleServer } from '../../../test/fakes/bundle-server.ts';
import type { Copy } from './persisted.ts';
import { createPoll, type Poll, type PollOptions } from './poll.ts';
import { retryMs } from './retry-ms.ts';

const [ONE, TWO] = [new Uint8Array([1]), new Uint8Array([2])];
let server: BundleServer;
let poll: Poll;
let brought: Copy[];
let failures: { readonly message: string; readonly retryMs: number }[];
let isTaken: boolean;

beforeEach(async () => {
  server = await startBundleServer(ONE);
  [brought, failures, isTaken] = [[], [], true];
});
afterEach(async () => {
  poll.close();
  await server.stop();
});

function start(over: Partial<PollOptions> = {}): void {
  poll = createPoll({
    url: server.url,
    pollMs: 20,
    token: () => undefined,
    onBundle: async (copy) => {
      brought.push(copy);
      if (isTaken) poll.hold(copy);
      return isTaken;
    },
    onFailure: ({ message }, retryMs) => failures.push({ message, retryMs }),
    random: () => 1,
    ...over,
  });
  poll.start();
}

const until = (check: () => void) => vi.waitFor(check, { timeout: 5000, interval: 5 });

describe('createPoll', () => {
  it('brings each new bundle once, and names it from then on', async () => {
    start();
    await until(() => expect(brought).toHaveLength(1));
    await until(() => expect(server.requests.length).toBeGreaterThan(3));
    server.serve(TWO);
    await until(() => expect(brought.map(({ bytes }) => bytes)).toEqual([ONE, TWO]));
    await until(() => expect(server.requests.at(-1)?.['if-none-match']).toBe(brought[1]?.etag));
    expect(failures).toEqual([]);
  });

  it('asks at once again where the server waits with its answer, and hears of a change when it happens', async () => {
    server.longPoll(true);
    start({ pollMs: 60_000, held: { url: server.url, bytes: TWO, etag: '"old"', confirmedAt: 0, isFromDisk: true } });
    await until(() => expect(brought).toHaveLength(1));
    await until(() => expect(server.requests.at(-1)?.['if-none-match']).toBe(brought[0]?.etag));
    expect(server.requests.at(-1)?.['prefer']).toBe('modes=snapshot;wait=60');
    server.serve(TWO);
    await until(() => expect(brought).toHaveLength(2));
  });

  it('does not ask a server to wait again that did not say that it can', async () => {
    start();
    await until(() => expect(server.requests.length).toBeGreaterThan(2));
    expect(server.requests.slice(1).every(({ prefer }) => prefer === 'modes=snapshot')).toBe(true);
  });

  it('does not run hot where a server claims to wait and does not', async () => {
    server.longPoll(true);
    server.answer((request, response) => {
      const isKnown = request.headers['if-none-match'] === '"1"';
      const headers = { etag: '"1"', 'content-type': 'application/vnd.openpolicyagent.bundles' };
      if (isKnown) response.writeHead(304, headers).end();
      else response.writeHead(200, headers).end(ONE);
    });
    start({ pollMs: 1000 });
    await until(() => expect(server.requests.length).toBeGreaterThan(1));
    const before = server.requests.length;
    await delay(100);
    expect(server.requests.length - before).toBeLessThan(3);
  });

  it('asks for a refused bundle again, later and later, and goes on with what it held [P09]', async () => {
    start();
    await until(() => expect(brought).toHaveLength(1));
    const held = poll.held;
    isTaken = false;
    server.serve(TWO);
    await until(() => expect(brought.length).toBeGreaterThan(3));
    expect(poll.held?.bytes).toBe(held?.bytes);
    expect(poll.failure).toContain('refused');
    isTaken = true;
    await until(() => expect(poll.held?.bytes).toEqual(TWO));
    expect(poll.failure).toBeUndefined();
  });

  it('waits longer with each failure, up to the interval, and spreads it [P09]', async () => {
    server.serve(undefined);
    const waits: number[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    start({
      pollMs: 40,
      onFailure: (_, retryMs) => {
        waits.push(retryMs);
        if (waits.length === 4) resolve();
      },
    });
    await promise;
    expect(waits).toEqual([40, 40, 40, 40]);
    expect(retries({ pollMs: 60_000, random: 1 })).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
    expect(retries({ pollMs: 60_000, random: 0 }).slice(0, 3)).toEqual([500, 1000, 2000]);
  });

  it('knows what an earlier process left, and says when the server confirms it [P12]', async () => {
    start();
    await until(() => expect(brought).toHaveLength(1));
    poll.close();
    const left = { ...(poll.held as Copy), confirmedAt: 5, isFromDisk: true };
    brought = [];
    start({ held: left, now: () => 9000 });
    await until(() => expect(poll.held).toMatchObject({ isFromDisk: false, confirmedAt: 9000 }));
    expect(brought).toEqual([]);
  });

  it('reads the token anew for each request, and fails a round that has none', async () => {
    const tokens = ['a', 'b'];
    start({
      token: () => {
        const token = tokens.shift();
        if (token === undefined) throw new Error('policy.token: gone');
        return token;
      },
    });
    await until(() => expect(failures[0]?.message).toBe('policy.token: gone'));
    expect(server.requests.slice(0, 2).map(({ authorization }) => authorization)).toEqual(['Bearer a', 'Bearer b']);
  });

  it('is silent once closed', async () => {
    start();
    await until(() => expect(brought).toHaveLength(1));
    poll.close();
    const asked = server.requests.length;
    await delay(100);
    expect(server.requests.length - asked).toBeLessThanOrEqual(1);
    expect(failures).toEqual([]);
  });
});

/** What is waited after each of eight failures; the waits themselves are not waited for. */
function retries({ pollMs, random }: { pollMs: number; random: number }): readonly number[] {
  return Array.from({ length: 8 }, (_, failures) => retryMs(failures + 1, pollMs, random));
}
