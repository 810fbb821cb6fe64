import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { fetchJwks } from './jwks-source.ts';

const TRIES = 10;
/** More than the sockets buffer, so that an answer that nobody reads is never sent whole. */
const LARGE = 'x'.repeat(8 * 1024 * 1024);

let server: Server;

afterEach(() => {
  server.close();
  server.closeAllConnections();
});

async function serve(listener: RequestListener): Promise<string> {
  server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`;
}

function connections(): Promise<number> {
  return new Promise((resolve, reject) => {
    server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
  });
}

describe('fetchJwks', () => {
  it.each([
    ['an error', 500, 'answered 500'],
    ['a body without end', 200, 'sent over 512 KiB'],
  ])('leaves no connection open behind %s [J22]', async (_, status, message) => {
    const uri = await serve((_request, response) => response.writeHead(status).end(LARGE));
    for (let n = 0; n < TRIES; n++) await expect(fetchJwks({ uri })).rejects.toThrow(message);
    await vi.waitFor(async () => expect(await connections()).toBe(0), { timeout: 3000, interval: 20 });
  });

  it('follows no redirect [J22]', async () => {
    const uri = await serve((request, response) => {
      if (request.url === '/jwks') response.writeHead(302, { location: '/other' }).end();
      else response.end('{"keys":[]}');
    });
    await expect(fetchJwks({ uri })).rejects.toThrow('fetch failed');
  });

  it('reads a file, up to 512 KiB [J22]', async () => {
    await serve((_request, response) => response.end());
    const file = join(mkdtempSync(join(tmpdir(), 'behalf-jwks-')), 'keys.json');
    writeFileSync(file, '{"keys":[]}');
    expect(await fetchJwks({ file })).toEqual({ text: '{"keys":[]}' });
    writeFileSync(file, ' '.repeat(512 * 1024 + 1));
    await expect(fetchJwks({ file })).rejects.toThrow('is over 512 KiB');
  });

  it('asks for what changed, and says how long the answer is good for', async () => {
    const asked: (string | undefined)[] = [];
    const uri = await serve((request, response) => {
      asked.push(request.headers['if-none-match']);
      const headers = { etag: '"1"', 'cache-control': 'public, max-age=60' };
      if (request.headers['if-none-match'] === '"1"') response.writeHead(304, headers).end();
      else response.writeHead(200, headers).end('{"keys":[]}');
    });
    expect(await fetchJwks({ uri })).toEqual({ text: '{"keys":[]}', etag: '"1"', maxAge: 60 });
    expect(await fetchJwks({ uri }, '"1"')).toEqual({ text: undefined, etag: '"1"', maxAge: 60 });
    expect(asked).toEqual([undefined, '"1"']);
  });

  it.each([
    ['no-store', 0],
    ['max-age=60, no-cache', 0],
    ['max-age="7"', 7],
    ['s-maxage=9', undefined],
    ['max-age=soon', undefined],
  ])('reads cache-control "%s"', async (cacheControl, maxAge) => {
    const uri = await serve((_request, response) =>
      response.writeHead(200, { 'cache-control': cacheControl }).end('{}'),
    );
    expect((await fetchJwks({ uri })).maxAge).toBe(maxAge);
  });

  it('takes no 304 that it did not ask for [J22]', async () => {
    const uri = await serve((_request, response) => response.writeHead(304).end());
    await expect(fetchJwks({ uri })).rejects.toThrow('answered 304');
  });
});
