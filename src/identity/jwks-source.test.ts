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
  ])('leaves no connection open behind %s (J22)', async (_, status, message) => {
    const uri = await serve((_request, response) => response.writeHead(status).end(LARGE));
    for (let n = 0; n < TRIES; n++) await expect(fetchJwks({ uri })).rejects.toThrow(message);
    await vi.waitFor(async () => expect(await connections()).toBe(0), { timeout: 3000, interval: 20 });
  });

  it('follows no redirect (J22)', async () => {
    const uri = await serve((request, response) => {
      if (request.url === '/jwks') response.writeHead(302, { location: '/other' }).end();
      else response.end('{"keys":[]}');
    });
    await expect(fetchJwks({ uri })).rejects.toThrow('fetch failed');
  });

  it('reads a file, up to 512 KiB (J22)', async () => {
    await serve((_request, response) => response.end());
    const file = join(mkdtempSync(join(tmpdir(), 'behalf-jwks-')), 'keys.json');
    writeFileSync(file, '{"keys":[]}');
    expect(await fetchJwks({ file })).toBe('{"keys":[]}');
    writeFileSync(file, ' '.repeat(512 * 1024 + 1));
    await expect(fetchJwks({ file })).rejects.toThrow('is over 512 KiB');
  });
});
