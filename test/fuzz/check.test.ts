/**
 * No broken Check is ever allowed, and every valid one is (threats §14, promises 1, 2 and 19). Over real gRPC, on raw
 * bytes. `FUZZ_SEED` repeats a run, `FUZZ_RUNS` makes it longer: `FUZZ_RUNS=1000000 npm run fuzz`.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeCheckResponse } from '../../src/wire.ts';
import { connect, reasonOf, serveChecks } from '../fakes/check-world.ts';
import { BROKEN_KINDS, type Broken, breakBytes, MAX_MESSAGE_BYTES } from './broken-bytes.ts';
import { drive } from './drive.ts';
import { HOSTILE_KINDS, hostileRequest, requestWithToken } from './hostile-requests.ts';
import { TOKEN_KINDS } from './hostile-tokens.ts';
import { judge } from './judge.ts';
import { type Random, randomOf } from './random.ts';
import { type FuzzWorld, startFuzzWorld } from './seeds.ts';
import { type Valid, validRequest } from './valid-requests.ts';

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 20_000);
const SEED = Number(process.env['FUZZ_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const VALID_RUNS = 2400;
/** The deadline is 150 ms and client and server share one thread: few enough that none waits for it. */
const IN_FLIGHT = 32;

let fuzz: FuzzWorld;
beforeAll(async () => {
  fuzz = await startFuzzWorld();
});
afterAll(() => fuzz.world.stop());

/** A quarter broken bytes, a quarter hostile tokens, half other hostile requests; each kind has its turn in every run. */
function makeCase(index: number, random: Random): Broken {
  const turn = index >> 2;
  const inTurn = (kinds: readonly string[], at: number): string => kinds[at % kinds.length] ?? '';
  switch (index % 4) {
    case 0:
      return breakBytes(inTurn(BROKEN_KINDS, turn), fuzz.seeds, random);
    case 1:
      return requestWithToken(inTurn(TOKEN_KINDS, turn), fuzz, random);
    default:
      return hostileRequest(inTurn(HOSTILE_KINDS, turn * 2 + (index % 2)), fuzz, random);
  }
}

function counted(words: Iterable<string>): Record<string, number> {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return Object.fromEntries([...counts].sort(([, a], [, b]) => b - a));
}

function reasonOfAllow(received: Buffer): string {
  const answer = decodeCheckResponse(received);
  const reason = reasonOf(answer);
  return reason === 'allowed' && !(answer.status && answer.ok_response) ? 'an allow without ok_response' : reason;
}

function print(title: string, counts: Record<string, number>): void {
  const lines = Object.entries(counts).map(([word, count]) => `  ${String(count).padStart(7)} ${word}`);
  process.stdout.write(`${title}\n${lines.join('\n')}\n`);
}

describe('the check server', () => {
  it('allows the requests that the fuzzing begins with', async () => {
    const server = await serveChecks({ parts: () => fuzz.world.parts({ snapshot: () => fuzz.snapshot }) });
    const client = connect(server.address);
    for (const seed of fuzz.seeds) {
      const answer = await client.ask(seed.bytes);
      expect(judge(seed.bytes, answer, [seed])).toEqual({ reason: 'allowed', wrong: undefined });
    }
    client.close();
    await server.drain();
  });

  it(`answers ${RUNS} broken Checks without one gRPC error and without one wrong allow`, async () => {
    let records = 0;
    const server = await serveChecks({
      parts: () => fuzz.world.parts({ snapshot: () => fuzz.snapshot, maxMessageBytes: MAX_MESSAGE_BYTES }),
      record: () => {
        records++;
      },
    });
    const client = connect(server.address);
    const reasons: string[] = [];
    const faults: string[] = [];
    await drive({
      client,
      count: RUNS,
      inFlight: IN_FLIGHT,
      make: (index) => makeCase(index, randomOf(SEED, index)),
      onAnswer: ({ kind, bytes, parents }, index, answer) => {
        const verdict =
          answer instanceof Error ? { reason: 'gRPC error', wrong: answer.message } : judge(bytes, answer, parents);
        reasons.push(verdict.reason);
        if (verdict.wrong !== undefined && faults.length < 20) {
          faults.push(`FUZZ_SEED=${SEED}, case ${index}, ${kind}: ${verdict.wrong}`);
        }
      },
    });
    client.close();
    await server.drain();
    const counts = counted(reasons);
    print(`fuzz: ${RUNS} Checks, FUZZ_SEED=${SEED}`, counts);
    expect(faults).toEqual([]);
    expect(counts['gRPC error']).toBeUndefined();
    // A reason that is missing means that a kind no longer gets where it was aimed.
    expect(Object.keys(counts).length).toBeGreaterThan(40);
    expect(records).toBe(RUNS);
    expect(Reflect.ownKeys(Object.prototype)).toHaveLength(12);
  });

  it.each(['explicit', 'match'] as const)(
    `allows ${VALID_RUNS} distinct valid Checks, routing: %s`,
    async (routing) => {
      const { snapshot } = fuzz.world;
      const live = { ...snapshot, matrix: { ...snapshot.matrix, routing } };
      const server = await serveChecks({ parts: () => fuzz.world.parts({ snapshot: () => live }) });
      const client = connect(server.address);
      const made = Array.from({ length: VALID_RUNS }, (_, index) => validRequest(fuzz, randomOf(SEED, index), index));
      const denied: string[] = [];
      let late: Valid[] = [];
      const send = (requests: readonly Valid[]) =>
        drive({
          client,
          count: requests.length,
          inFlight: IN_FLIGHT,
          make: (index) => requests[index] as Valid,
          onAnswer: (request, _, received) => {
            const reason = received instanceof Error ? String(received) : reasonOfAllow(received);
            if (reason === 'deadline_exceeded') late.push(request);
            else if (reason !== 'allowed') denied.push(`FUZZ_SEED=${SEED}: ${reason}: ${request.what}`);
          },
        });
      await send(made);
      // A deadline says that this machine stood still, and nothing of the request: those few are put again.
      const again = late;
      late = [];
      await send(again);
      client.close();
      await server.drain();
      const counts = { allowed: VALID_RUNS - denied.length - late.length, denied: denied.length, again: again.length };
      print(`valid, routing: ${routing}: FUZZ_SEED=${SEED}`, counts);
      expect(denied.slice(0, 10)).toEqual([]);
      expect(late).toEqual([]);
      expect(again.length).toBeLessThan(VALID_RUNS / 50);
      expect(new Set(made.map(({ bytes }) => bytes.toString('base64'))).size).toBe(VALID_RUNS);
      // The fifth row always demands an approval.
      expect(new Set(made.map(({ hop }) => hop)).size).toBe(4);
    },
  );
});
