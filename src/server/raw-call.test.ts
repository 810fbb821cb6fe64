import { type ClientHttp2Session, connect, constants, type IncomingHttpHeaders } from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Trail } from '../provenance/trail.ts';
import { CHECK_PATH, HEALTH_CHECK_PATH } from '../wire.ts';
import type { Decider } from './authorization.ts';
import { frame } from './frame.ts';
import { type CheckServer, startCheckServer } from './listen.ts';

/** What gRPC clients never do and HTTP/2 clients can: each is answered, or harms nobody but itself. */
let server: CheckServer;
let client: ClientHttp2Session;
let trails: Trail[];
let check: Decider['check'];

beforeEach(async () => {
  trails = [];
  check = (bytes) => Promise.resolve(Buffer.from(bytes));
  server = await startCheckServer({
    address: '127.0.0.1:0',
    decider: {
      check: (bytes, trail) => check(bytes, trail),
      refuse: ({ code, detail }) => Buffer.from(`${code}: ${detail}`),
    },
    record: (trail) => trails.push(trail),
    maxInFlight: 100_000,
    isReady: () => true,
    log: pino({ level: 'silent' }),
  });
  client = connect(`http://${server.address}`);
  client.on('error', () => {});
});
afterEach(async () => {
  client.destroy();
  await server.drain();
});

const GRPC = { ':method': 'POST', ':path': CHECK_PATH, 'content-type': 'application/grpc', te: 'trailers' };

interface Answer {
  readonly headers: IncomingHttpHeaders;
  readonly trailers: IncomingHttpHeaders;
  readonly message: string;
  readonly reset: number;
}

/** Sends these bytes as the body of one call. @param end whether the client ends its side */
function call(body: Buffer | undefined, { end = true, headers = {} } = {}): Promise<Answer> {
  const stream = client.request({ ...GRPC, ...headers });
  if (body !== undefined) stream.write(body);
  if (end) stream.end();
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const seen = { headers: {} as IncomingHttpHeaders, trailers: {} as IncomingHttpHeaders };
    stream.on('response', (received: IncomingHttpHeaders) => {
      seen.headers = received;
    });
    stream.on('trailers', (received: IncomingHttpHeaders) => {
      seen.trailers = received;
    });
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', reject);
    stream.on('close', () =>
      resolve({ ...seen, message: Buffer.concat(chunks).subarray(5).toString(), reset: stream.rstCode ?? 0 }),
    );
  });
}

const compressed = (): Buffer => {
  const framed = frame(Buffer.from('x'));
  framed[0] = 1;
  return framed;
};

describe('a Check that is not framed as one message', () => {
  it.each<[string, Buffer | undefined, string]>([
    ['is compressed', compressed(), 'the message is compressed'],
    ['has no message', undefined, 'the call brought no message'],
    ['has half a prefix', Buffer.from([0, 0]), 'the call brought no message'],
    ['ends before its message does', frame(Buffer.from('abc')).subarray(0, 7), 'the message is not as long as it says'],
    ['says that it is 4 GB', Buffer.from([0, 255, 255, 255, 255, 1]), 'the message is not as long as it says'],
    ['has two messages', Buffer.concat([frame(Buffer.from('a')), frame(Buffer.from('b'))]), 'not as long as it says'],
  ])('is denied where it %s, never a gRPC error, and recorded once [E02, E04, N05]', async (_, body, why) => {
    const { message, trailers } = await call(body);
    expect(message).toContain('malformed_check_request');
    expect(message).toContain(why);
    expect(trailers['grpc-status']).toBe('0');
    await expect.poll(() => trails.length).toBe(1);
  });

  it('is recorded where the client resets it half-way, and gives its place back [N01]', async () => {
    const stream = client.request(GRPC);
    stream.on('error', () => {});
    stream.write(frame(Buffer.from('abc')).subarray(0, 6));
    await expect.poll(() => server.inFlight()).toBe(1);
    stream.close(constants.NGHTTP2_CANCEL);
    await expect.poll(() => server.inFlight()).toBe(0);
    expect(trails).toHaveLength(1);
  });

  it('is answered in time where its client never ends it, and is then closed [E03, N10]', async () => {
    const { message, trailers, reset } = await call(frame(Buffer.from('x')).subarray(0, 3), { end: false });
    expect(message).toContain('deadline_exceeded');
    expect(trailers['grpc-status']).toBe('0');
    expect(reset).toBe(constants.NGHTTP2_NO_ERROR);
  });
});

describe('a call', () => {
  it('may come in as many pieces as the network likes', async () => {
    const stream = client.request(GRPC);
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    for (const byte of frame(Buffer.from('abc'))) {
      stream.write(Buffer.from([byte]));
      await sleep(2);
    }
    stream.end();
    await new Promise((resolve) => stream.on('close', resolve));
    expect(Buffer.concat(chunks)).toEqual(frame(Buffer.from('abc')));
  });

  it('is no gRPC call where its method or content type is another, and nothing runs [E30]', async () => {
    for (const headers of [{ ':method': 'GET' }, { ':method': 'PUT' }, { 'content-type': 'application/json' }]) {
      const { headers: answered } = await call(undefined, { headers });
      expect(answered[':status']).toBe(415);
    }
    expect(trails).toEqual([]);
  });

  it('of health with garbage is told so, and nothing else happens [E31]', async () => {
    const { headers } = await call(frame(Buffer.from([255, 255])), { headers: { ':path': HEALTH_CHECK_PATH } });
    expect(headers['grpc-status']).toBe('3');
  });

  it('is answered though thousands on its connection were reset: they are clients of Envoy that hung up [N01]', async () => {
    const gate = Promise.withResolvers<Buffer>();
    check = () => gate.promise;
    const kept = call(frame(Buffer.from('x')));
    await expect.poll(() => server.inFlight()).toBe(1);
    for (let round = 0; round < 30; round++) {
      const streams = Array.from({ length: 100 }, () => client.request(GRPC));
      for (const stream of streams) stream.on('error', () => {}).end(frame(Buffer.from('y')));
      await sleep(1);
      for (const stream of streams) stream.close(constants.NGHTTP2_CANCEL);
    }
    gate.resolve(Buffer.from('answered'));
    expect((await kept).message).toMatch(/^answered|deadline_exceeded/);
    await expect.poll(() => server.inFlight()).toBe(0);
    expect((await call(frame(Buffer.from('z')))).trailers['grpc-status']).toBe('0');
  });
});

describe('a drain', () => {
  it('does not wait for a connection that does nothing', async () => {
    await call(frame(Buffer.from('x')));
    await server.drain();
    await expect.poll(() => client.destroyed || client.closed).toBe(true);
  });
});
