/**
 * Path and header differential (threats E08–E15): through real Envoy, under every setting of its path options and both
 * routing modes, an upstream sees only what Behalf's record allowed. `BEHALF_DIFFERENTIAL=50000` makes it longer,
 * `BEHALF_DIFFERENTIAL_SEED` repeats a run.
 */
import { connect as connectHttp2 } from 'node:http2';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type RawAgent, type RawAgentOptions, type RawAnswer, rawAgent } from '../fakes/raw-agent.ts';
import { hostileRequest, validRequest, type WireRequest } from '../fuzz/paths.ts';
import { violations } from './differential-oracle.ts';
import { type DifferentialWorld, startDifferentialWorld } from './differential-world.ts';
import { describeWithEnvoy } from './with-envoy.ts';

const TOTAL = Number(process.env['BEHALF_DIFFERENTIAL'] ?? 4800);
const SEED = Number(process.env['BEHALF_DIFFERENTIAL_SEED'] ?? Date.now() % 1_000_000);
const LANES = 4;
/** Shares of a listener's requests: HTTP/2, and valid ones among both. */
const HTTP2_EVERY = 8;
const VALID_EVERY = 4;

describeWithEnvoy('path and header differential', () => {
  let world: DifferentialWorld;

  beforeAll(async () => {
    world = await startDifferentialWorld();
  });
  afterAll(() => world?.stop());

  it('lets an upstream see only the paths and identities that were decided [E08, E09, E10, E11, E12, E13, E14, E15, E23]', {
    timeout: 3_600_000,
  }, async () => {
    const found: string[] = [];
    const answers = new Map<RawAnswer, number>();
    let [sent, valid, falseDenials, seen, decided] = [0, 0, 0, 0, 0];
    const each = Math.ceil(TOTAL / world.settings.length);
    for (const [index, setting] of world.settings.entries()) {
      const run = await play(world, setting, { from: index * each, count: each });
      const witnessed = world.witness.take();
      const decisions = world.takeDecisions();
      found.push(...violations(witnessed, decisions, world.tokens).map((fault) => `${setting}: ${fault}`));
      for (const { request, isValid, answer } of run) {
        answers.set(answer, (answers.get(answer) ?? 0) + 1);
        sent += 1;
        if (isValid) valid += 1;
        if (isValid && answer !== 200) {
          falseDenials += 1;
          found.push(`${setting}: denied a valid request with ${answer}: ${JSON.stringify(request)}`);
        }
      }
      seen += witnessed.length;
      decided += decisions.length;
    }
    const figures = {
      seed: SEED,
      settings: world.settings.length,
      sent,
      valid,
      decided,
      seen,
      falseDenials,
      violations: found.length - falseDenials,
    };
    process.stdout.write(`differential: ${JSON.stringify({ ...figures, answers: Object.fromEntries(answers) })}\n`);
    expect(found.slice(0, 20), `seed ${SEED}`).toEqual([]);
    // The run must have judged something: most valid requests got through, and many hostile ones were put to Behalf.
    expect(seen).toBeGreaterThanOrEqual(valid);
    expect(decided).toBeGreaterThan(sent / 3);
  });
});

interface Played {
  readonly request: WireRequest;
  readonly isValid: boolean;
  readonly answer: RawAnswer;
}

/** Sends `count` requests to one listener, over a few connections at a time. */
async function play(
  world: DifferentialWorld,
  setting: string,
  { from, count }: { readonly from: number; readonly count: number },
): Promise<readonly Played[]> {
  const options = world.agentFor(setting);
  const played: Played[] = [];
  let next = 0;
  const lane = async () => {
    const agent = rawAgent(options);
    const http2 = http2Agent(options);
    for (let n = next++; n < count; n = next++) {
      const isValid = n % VALID_EVERY === 0;
      const request = (isValid ? validRequest : hostileRequest)(SEED, from + n);
      const token = world.tokens[request.token].text;
      const sender =
        n % HTTP2_EVERY < 2
          ? http2
          : { ...agent, send: (one: WireRequest, with_: string) => agent.send(bytesOf(one, with_), one.method) };
      played.push({ request, isValid, answer: await sender.send(request, token) });
    }
    agent.close();
    http2.close();
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return played;
}

function bytesOf({ method, target, hosts, headers }: WireRequest, token: string): Buffer {
  const lines = [
    `${method} ${target} HTTP/1.1`,
    ...hosts.map((host) => `Host: ${host}`),
    ...(token === '' ? [] : [`Authorization: ${token}`]),
    ...headers.map(([name, value]) => `${name}: ${value}`),
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}

interface Http2Agent {
  send(request: WireRequest, token: string): Promise<RawAnswer>;
  close: RawAgent['close'];
}

/** The same over HTTP/2, as far as Node's client sends it: what it refuses itself counts as hung up. */
function http2Agent({ port, ca, client, servername }: RawAgentOptions): Http2Agent {
  const open = () => {
    const session = connectHttp2(`https://${servername}:${port}`, {
      host: '127.0.0.1',
      port,
      ca,
      cert: client.certificate,
      key: client.key,
      servername,
      lookup: (_host, _options, done) => done(null, [{ address: '127.0.0.1', family: 4 }]),
    });
    session.on('error', () => session.destroy());
    return session;
  };
  let session = open();
  return {
    send: ({ method, target, hosts, headers }, token) =>
      new Promise((resolve) => {
        if (session.destroyed || session.closed) session = open();
        const lines: Record<string, string | string[]> = {
          ':method': method,
          ':path': target,
          ':authority': hosts[0] ?? '',
        };
        if (hosts.length > 1) lines['host'] = hosts.slice(1);
        if (token !== '') lines['authorization'] = token;
        for (const [name, value] of headers) lines[name.toLowerCase()] ??= value;
        try {
          const stream = session.request(lines, { endStream: true });
          stream.setTimeout(1500, () => stream.close());
          stream
            .on('response', (answer) => resolve(answer[':status'] ?? 0))
            .on('error', () => {})
            .on('close', () => resolve('closed'));
          stream.resume();
        } catch {
          resolve('closed');
        }
      }),
    close: () => session.destroy(),
  };
}
