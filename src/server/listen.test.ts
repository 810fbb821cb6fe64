import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { connect as connectSocket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, credentials, status } from '@grpc/grpc-js';
import { pino } from 'pino';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { connect, type RawClient } from '../../test/fakes/check-world.ts';
import {
  callHeaders,
  DATA,
  END_STREAM,
  frame,
  HEADERS,
  PREFACE,
  RST_STREAM,
  SETTINGS,
} from '../../test/fakes/http2-frames.ts';
import { CHECK_PATH, HEALTH_CHECK_PATH, HEALTH_WATCH_PATH } from '../wire.ts';
import { type CheckServer, type CheckServerParts, startCheckServer } from './listen.ts';

const ANSWER = Buffer.from('the answer');
const servers: CheckServer[] = [];
const clients: RawClient[] = [];
let records = 0;

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await Promise.all(servers.splice(0).map((server) => server.drain()));
});

async function start(over: Partial<CheckServerParts> = {}): Promise<CheckServer> {
  records = 0;
  const server = await startCheckServer({
    address: '127.0.0.1:0',
    decider: { check: () => Promise.resolve(ANSWER), refuse: () => Buffer.from('refused') },
    record: () => {
      records++;
    },
    maxInFlight: 10,
    isReady: () => true,
    log: pino({ level: 'silent' }),
    ...over,
  });
  servers.push(server);
  return server;
}

function dial(address: string): RawClient {
  const client = connect(address);
  clients.push(client);
  return client;
}

/** Sends a unary call as bare HTTP/2 frames. @returns the type of the first frame that answers its stream */
function answersTo(address: string, path: string): Promise<number> {
  const socket = connectSocket(Number(address.split(':')[1]), '127.0.0.1');
  socket.write(PREFACE);
  socket.write(frame(SETTINGS, 0, 0, Buffer.alloc(0)));
  socket.write(callHeaders(path));
  socket.write(frame(DATA, END_STREAM, 1, Buffer.from([0, 0, 0, 0, 1, 120])));
  let seen: Buffer = Buffer.alloc(0);
  return new Promise((resolve, reject) => {
    socket.on('error', reject).on('close', () => reject(new Error('closed without an answer')));
    socket.on('data', (bytes: Buffer) => {
      seen = Buffer.concat([seen, bytes]);
      for (let at = 0; at + 9 <= seen.length; at += 9 + seen.readUIntBE(at, 3)) {
        if (seen.readUInt32BE(at + 5) !== 1) continue;
        resolve(seen.readUInt8(at + 3));
        socket.destroy();
        return;
      }
    });
  });
}

describe('the check server', () => {
  it('says which port it got', async () => {
    const { address } = await start();
    expect(address).toMatch(/^127\.0\.0\.1:[1-9]\d*$/);
    expect(await dial(address).ask(Buffer.from('x'))).toEqual(ANSWER);
  });

  it('listens on a unix socket', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'behalf-'));
    const path = join(folder, 'check.sock');
    const { address } = await start({ address: `unix:${path}` });
    expect(address).toBe(`unix:${path}`);
    expect(existsSync(path)).toBe(true);
    expect(await dial(address).ask(Buffer.from('x'))).toEqual(ANSWER);
    await Promise.all(servers.splice(0).map((server) => server.drain()));
    rmSync(folder, { recursive: true });
  });

  it('names the address that it cannot have', async () => {
    const { address } = await start();
    await expect(start({ address })).rejects.toThrow(`cannot listen on ${address}: `);
  });

  it('takes a message that is larger than grpc-js takes by default, so that the Check refuses it [E04]', async () => {
    const { address } = await start();
    expect(await dial(address).ask(Buffer.alloc(40 * 1024 * 1024))).toEqual(ANSWER);
  });

  it('has one method, and no reflection (E30, E31)', async () => {
    const { address } = await start();
    const client = new Client(address, credentials.createInsecure(), { 'grpc.enable_http_proxy': 0 });
    const same = (bytes: Buffer) => bytes;
    for (const path of [
      '/envoy.service.auth.v3.Authorization/check',
      '/envoy.service.auth.v2.Authorization/Check',
      '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
    ]) {
      const code = await new Promise((resolve) => {
        client.makeUnaryRequest(path, same, same, Buffer.from('x'), (error) => resolve(error?.code));
      });
      expect([path, code]).toEqual([path, status.UNIMPLEMENTED]);
    }
    expect(records).toBe(0);
    client.close();
  });

  it('runs no handler for a path that a client library would never send [E30]', async () => {
    const { address } = await start();
    for (const path of ['envoy.service.auth.v3.Authorization/Check', 'Check', '', '*', ' /envoy']) {
      expect([path, await answersTo(address, path)]).toEqual([path, RST_STREAM]);
    }
    expect(await answersTo(address, CHECK_PATH.toUpperCase())).toBe(HEADERS);
    expect(records).toBe(0);
    expect(await answersTo(address, CHECK_PATH)).toBe(HEADERS);
    await expect.poll(() => records).toBe(1);
  });

  it.each([CHECK_PATH, HEALTH_CHECK_PATH, HEALTH_WATCH_PATH, '/none'])(
    'outlives a call of %s that is reset, without an error, before it ended [N04]',
    async (path) => {
      const { address } = await start();
      const crashes: unknown[] = [];
      const onCrash = (error: unknown) => crashes.push(error);
      process.on('uncaughtException', onCrash);
      onTestFinished(() => void process.off('uncaughtException', onCrash));
      for (const code of [0, 8]) {
        const socket = connectSocket(Number(address.split(':')[1]), '127.0.0.1');
        const reset = Buffer.from([0, 0, 0, code]);
        const frames = [callHeaders(path), frame(DATA, 0, 1, Buffer.alloc(5)), frame(RST_STREAM, 0, 1, reset)];
        socket.write(Buffer.concat([PREFACE, frame(SETTINGS, 0, 0, Buffer.alloc(0)), ...frames]));
        await sleep(30);
        socket.destroy();
      }
      expect(await dial(address).ask(Buffer.from('x'))).toEqual(ANSWER);
      await expect.poll(() => records).toBe(path === CHECK_PATH ? 3 : 1);
      expect(crashes).toEqual([]);
    },
  );

  it.each<[string, readonly Buffer[]]>([
    ['says nothing', []],
    ['is idle and never hangs up', [PREFACE, frame(SETTINGS, 0, 0, Buffer.alloc(0))]],
    ['never ends its call', [PREFACE, frame(SETTINGS, 0, 0, Buffer.alloc(0)), callHeaders(CHECK_PATH)]],
    [
      'never reads its answer',
      [
        PREFACE,
        frame(SETTINGS, 0, 0, Buffer.from([0, 4, 0, 0, 0, 0])),
        callHeaders(CHECK_PATH),
        frame(DATA, END_STREAM, 1, Buffer.alloc(5)),
      ],
    ],
  ])('drains in its time though a client %s [Y01, N10]', async (_, frames) => {
    const server = await start({ drainWithinMs: 300 });
    const { address } = server;
    const socket = connectSocket({ port: Number(address.split(':')[1]), host: '127.0.0.1', allowHalfOpen: true });
    socket.on('error', () => {});
    for (const bytes of frames) socket.write(bytes);
    await sleep(50);
    await server.drain();
    socket.destroy();
  });

  it('waits for Envoy to notice before it stops listening, as long as Checks come (Y01)', async () => {
    const server = await start();
    const client = dial(server.address);
    let [answered, refused, isDrained] = [0, 0, false];
    const asking = (async () => {
      for (const end = performance.now() + 600; performance.now() < end; ) {
        await client.ask(Buffer.from('x')).then(
          () => answered++,
          () => refused++,
        );
      }
    })();
    await expect.poll(() => answered).toBeGreaterThan(0);
    const drained = server.drain().then(() => (isDrained = true));
    await asking;
    expect([refused, isDrained]).toEqual([0, false]);
    await drained;
  });

  it('finishes what is in flight when it drains, then is gone (Y01)', async () => {
    const gate = Promise.withResolvers<Buffer>();
    const server = await start({ decider: { check: () => gate.promise, refuse: () => Buffer.from('refused') } });
    const answer = dial(server.address).ask(Buffer.from('x'));
    while (server.inFlight() !== 1) await sleep(1);
    const drained = server.drain();
    expect(await Promise.race([drained, sleep(20, 'still in flight')])).toBe('still in flight');
    gate.resolve(ANSWER);
    expect(await answer).toEqual(ANSWER);
    await drained;
    await expect(dial(server.address).ask(Buffer.from('x'))).rejects.toMatchObject({ code: status.UNAVAILABLE });
    expect(records).toBe(1);
  });
});
