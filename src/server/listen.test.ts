import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, credentials, status } from '@grpc/grpc-js';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { connect, type RawClient } from '../../test/fakes/check-world.ts';
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

  it('takes a message that is larger than grpc-js takes by default, so that the Check refuses it (E04)', async () => {
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
