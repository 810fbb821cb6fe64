import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLog } from '../log.ts';
import { Upload, type UploadConfig } from './upload.ts';

interface Received {
  readonly headers: Readonly<Record<string, unknown>>;
  readonly events: readonly unknown[];
}

const told: string[] = [];
const log = createLog({ sink: { write: (line) => void told.push(line) } });
let server: Server;
let received: Received[];
/** What the service answers, one after the other; 200 once there are no more. */
let statuses: number[];
let elsewhere: number;
let open: Upload[];

beforeEach(async () => {
  told.length = 0;
  received = [];
  statuses = [];
  elsewhere = 0;
  open = [];
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (request.url === '/elsewhere') elsewhere += 1;
      const status = statuses.shift() ?? 200;
      if (status === 200) {
        const events = JSON.parse(gunzipSync(Buffer.concat(chunks)).toString()) as unknown[];
        received.push({ headers: { ...request.headers, method: request.method }, events });
      }
      response.writeHead(status, status === 307 ? { location: '/elsewhere' } : {}).end('its own words');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(async () => {
  for (const upload of open) await upload.close(1);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function start(config: Partial<UploadConfig> = {}): Upload {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/logs`;
  const upload = new Upload({ url, chunkBytes: 4096, every: 1, bufferBytes: 64 * 1024, ...config }, log);
  open.push(upload);
  return upload;
}

function events(count: number, length = 100): string[] {
  return Array.from({ length: count }, (_, n) => JSON.stringify({ n, fill: 'x'.repeat(length) }));
}

const numbers = (): unknown[] => received.flatMap(({ events }) => events).map((event) => (event as { n: number }).n);

describe('the upload of records', () => {
  it('POSTs gzipped JSON arrays, as OPA does, each within the size', async () => {
    const upload = start({ token: 'secret-token', headers: { 'x-tenant': 'acme' } });
    for (const line of events(100)) upload.add(line);
    await upload.close(5000);
    expect(numbers()).toEqual(Array.from({ length: 100 }, (_, n) => n));
    expect(received.length).toBeGreaterThan(2);
    for (const { headers, events } of received) {
      expect(headers).toMatchObject({
        method: 'POST',
        'content-encoding': 'gzip',
        'content-type': 'application/json',
        authorization: 'Bearer secret-token',
        'x-tenant': 'acme',
      });
      expect(JSON.stringify(events).length).toBeLessThanOrEqual(4096 + 2);
    }
    expect(upload.dropped).toBe(0);
  });

  it('sends what waits after the time, also when it is little', async () => {
    start().add('{"n":1}');
    await vi.waitFor(() => expect(numbers()).toEqual([1]), { timeout: 5000 });
  });

  it('tries again until it is taken, in order, and tells once of failure and recovery [T02]', async () => {
    statuses = [503, 500, 429];
    const upload = start();
    for (const line of events(100)) upload.add(line);
    await vi.waitFor(() => expect(upload.failure).toBe('HTTP 503'), { timeout: 5000 });
    await vi.waitFor(() => expect(numbers()).toHaveLength(100), { timeout: 10_000 });
    expect(numbers()).toEqual(Array.from({ length: 100 }, (_, n) => n));
    await vi.waitFor(() => expect(upload.failure).toBeUndefined());
    expect(upload.dropped).toBe(0);
    expect(told.filter((line) => line.includes('does not take'))).toHaveLength(1);
    expect(told.filter((line) => line.includes('takes records again'))).toHaveLength(1);
  });

  it('drops the oldest past its buffer, and counts every one [T02]', async () => {
    statuses = Array.from({ length: 1000 }, () => 503);
    const upload = start({ bufferBytes: 16 * 1024 });
    for (const line of events(1000)) upload.add(line);
    expect(upload.dropped).toBeGreaterThan(700);
    statuses = [];
    await vi.waitFor(() => expect(numbers().at(-1)).toBe(999), { timeout: 10_000 });
    expect(numbers().length + upload.dropped).toBe(1000);
  });

  it('does not send for ever what the service calls too large', async () => {
    statuses = [413];
    const upload = start();
    for (const line of events(60)) upload.add(line);
    await upload.close(5000);
    expect(numbers().length + upload.dropped).toBe(60);
    expect(numbers().at(-1)).toBe(59);
  });

  it('goes on without what the service calls wrong, after some tries', async () => {
    statuses = [400, 400, 422, 400];
    const upload = start();
    for (const line of events(60)) upload.add(line);
    await vi.waitFor(() => expect(numbers().at(-1)).toBe(59), { timeout: 15_000 });
    expect(upload.dropped).toBeGreaterThan(0);
    expect(numbers().length + upload.dropped).toBe(60);
  });

  it('follows no redirect: token and records are for one service alone [T07]', async () => {
    statuses = Array.from({ length: 100 }, (_, n) => (n % 2 === 0 ? 307 : 503));
    const upload = start({ token: 'secret-token' });
    upload.add('{"n":1}');
    await vi.waitFor(() => expect(upload.failure).toBeTypeOf('string'), { timeout: 5000 });
    expect(elsewhere).toBe(0);
    expect(told.join('')).not.toContain('secret-token');
    expect(told.join('')).not.toContain('its own words');
  });

  it('counts what it leaves behind when it is closed', async () => {
    statuses = Array.from({ length: 100 }, () => 503);
    const upload = start();
    for (const line of events(10)) upload.add(line);
    await upload.close(50);
    upload.add('{"n":11}');
    expect(upload.dropped).toBe(11);
  });
});
