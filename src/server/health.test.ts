import { Client, credentials, type ServiceError, status } from '@grpc/grpc-js';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HealthCheckResponse__Output } from '../generated/grpc/health/v1/HealthCheckResponse.ts';
import { healthService } from '../wire.ts';
import { type CheckServer, startCheckServer } from './listen.ts';

const SERVING = 1;
const NOT_SERVING = 2;
const SERVICE_UNKNOWN = 3;
const AUTHORIZATION = 'envoy.service.auth.v3.Authorization';

let isReady = true;
let server: CheckServer;
let client: Client;

beforeEach(async () => {
  isReady = true;
  server = await startCheckServer({
    address: '127.0.0.1:0',
    decider: { check: () => Promise.resolve(Buffer.alloc(0)), refuse: () => Buffer.alloc(0) },
    record: () => {},
    maxInFlight: 1,
    isReady: () => isReady,
    log: pino({ level: 'silent' }),
  });
  client = new Client(server.address, credentials.createInsecure(), { 'grpc.enable_http_proxy': 0 });
});
afterEach(async () => {
  client.close();
  await server.drain();
});

function method(name: 'Check' | 'Watch') {
  const found = healthService[name];
  if (found === undefined) throw new TypeError(`protos/ lack ${name}`);
  return found;
}

function check(service?: string): Promise<number> {
  const { path, requestSerialize, responseDeserialize } = method('Check');
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, { service }, (error, answer) => {
      if (error !== null) reject(error);
      else resolve((answer as HealthCheckResponse__Output).status as number);
    });
  });
}

/** Watches until the stream ends. `seen` grows; `next` resolves with the status that comes as number `count`. */
function watch(service: string) {
  const { path, requestSerialize, responseDeserialize } = method('Watch');
  const call = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, { service });
  const seen: number[] = [];
  const ended = Promise.withResolvers<void>();
  const changed: (() => void)[] = [];
  call.on('data', (answer: HealthCheckResponse__Output) => {
    seen.push(answer.status as number);
    for (const tell of changed) tell();
  });
  call.on('error', (error: ServiceError) => (error.code === status.CANCELLED ? undefined : ended.reject(error)));
  call.on('end', () => ended.resolve());
  const count = (wanted: number) =>
    new Promise<readonly number[]>((resolve) => {
      const tell = () => seen.length >= wanted && resolve(seen);
      changed.push(tell);
      tell();
    });
  return { seen, ended: ended.promise, count, cancel: () => call.cancel() };
}

describe('grpc.health.v1', () => {
  it.each([undefined, '', AUTHORIZATION])(
    'says of %j whether Checks can be decided, at this moment',
    async (service) => {
      expect(await check(service)).toBe(SERVING);
      isReady = false;
      expect(await check(service)).toBe(NOT_SERVING);
      isReady = true;
      expect(await check(service)).toBe(SERVING);
    },
  );

  it('knows no other service (E31)', async () => {
    await expect(check('behalf.Secret')).rejects.toMatchObject({ code: status.NOT_FOUND });
    const other = watch('behalf.Secret');
    expect(await other.count(1)).toEqual([SERVICE_UNKNOWN]);
    other.cancel();
  });

  it('tells a watcher each change once', async () => {
    const watching = watch('');
    await watching.count(1);
    isReady = false;
    await watching.count(2);
    isReady = true;
    expect(await watching.count(3)).toEqual([SERVING, NOT_SERVING, SERVING]);
    watching.cancel();
  });

  it('ends every watch on drain, as NOT_SERVING, so that no watcher holds the process up (Y01)', async () => {
    const watching = watch(AUTHORIZATION);
    await watching.count(1);
    await Promise.all([server.drain(), watching.ended]);
    expect(watching.seen).toEqual([SERVING, NOT_SERVING]);
  });
});
