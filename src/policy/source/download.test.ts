import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type BundleServer, startBundleServer } from '../../../test/fakes/bundle-server.ts';
import { downloadBundle } from './download.ts';

const BYTES = new Uint8Array([1, 2, 3]);
let server: BundleServer;

beforeEach(async () => {
  server = await startBundleServer(BYTES);
});
afterEach(() => server.stop());

/** The size alone: a failed assertion prints what it was given, and that may be many megabytes. */
async function sizeFrom(url: string): Promise<number | undefined> {
  return (await downloadBundle({ url })).bytes?.length;
}

describe('downloadBundle', () => {
  it('asks as OPA does, and takes what it is given', async () => {
    const answer = await downloadBundle({ url: server.url, token: 'abc', waitSeconds: 30 });
    expect(answer).toMatchObject({ bytes: BYTES, isLongPoll: false });
    expect(answer.etag).toMatch(/^".+"$/);
    expect(server.requests[0]).toMatchObject({
      prefer: 'modes=snapshot;wait=30',
      authorization: 'Bearer abc',
      'accept-encoding': 'identity',
    });
    expect(server.requests[0]).not.toHaveProperty('if-none-match');
  });

  it('names what it holds, and is told that there is nothing new', async () => {
    const { etag } = await downloadBundle({ url: server.url });
    expect(await downloadBundle({ url: server.url, etag })).toEqual({ bytes: undefined, etag, isLongPoll: undefined });
    expect(server.requests[1]?.['if-none-match']).toBe(etag);
  });

  it('knows a server that speaks of long polling by its content type', async () => {
    server.longPoll(true);
    expect(await downloadBundle({ url: server.url, waitSeconds: 1 })).toMatchObject({ isLongPoll: true });
  });

  it.each<[string, Parameters<BundleServer['answer']>[0], string]>([
    ['another status', (_, response) => response.writeHead(500).end('secret words'), 'answered 500'],
    ['304 that nobody asked for', (_, response) => response.writeHead(304).end(), 'answered 304'],
    ['206', (_, response) => response.writeHead(206).end('part'), 'answered 206'],
    ['nothing', (_, response) => response.writeHead(200).end(), 'sent nothing'],
    [
      'a body that breaks off',
      (_, response) => response.writeHead(200, { 'content-length': '9' }).write('x', () => response.destroy()),
      'cannot be reached',
    ],
    [
      'a redirect to another host',
      (_, response) => response.writeHead(302, { location: 'http://127.0.0.2:9/x' }).end(),
      'redirects to another host',
    ],
    [
      'a redirect to itself',
      (_, response) => response.writeHead(302, { location: '/again' }).end(),
      'redirects in circles',
    ],
  ])('refuses %s, and quotes nothing of it [P10]', async (_, handler, problem) => {
    server.answer(handler);
    const asked = downloadBundle({ url: `${server.url}?signature=secret`, token: 'secret' });
    await expect(asked).rejects.toMatchObject({ code: 'bundle_unreadable' });
    await expect(asked).rejects.toThrow(problem);
    await expect(asked).rejects.not.toThrow('secret');
  });

  it('follows a redirect within the host', async () => {
    server.answer((_, response) => {
      server.answer(undefined);
      response.writeHead(307, { location: '/bundles/moved' }).end();
    });
    expect(await downloadBundle({ url: server.url, token: 'abc' })).toMatchObject({ bytes: BYTES });
    expect(server.requests[1]?.['authorization']).toBe('Bearer abc');
  });

  it('stops reading past 16 MiB, whatever length was promised [P09]', async () => {
    let sent = 0;
    server.answer((_, response) => {
      response.writeHead(200);
      const more = (): void => {
        sent += 1;
        if (sent === 64) response.end();
        else response.write(Buffer.alloc(1 << 20));
      };
      response.on('drain', more);
      more();
    });
    await expect(sizeFrom(server.url)).rejects.toThrow('sent over 16 MiB');
    expect(sent).toBeLessThan(64);
  });

  it('counts what it unpacks on the way, too [P09]', async () => {
    server.answer((_, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(1 << 25))),
    );
    await expect(sizeFrom(server.url)).rejects.toThrow('sent over 16 MiB');
  });

  it('says that nobody listens', async () => {
    await server.stop();
    await expect(downloadBundle({ url: server.url })).rejects.toThrow('ECONNREFUSED');
  });

  it('ends when it is told to', async () => {
    server.longPoll(true);
    const { etag } = await downloadBundle({ url: server.url });
    const stop = new AbortController();
    const asked = downloadBundle({ url: server.url, etag, waitSeconds: 60, signal: stop.signal });
    stop.abort();
    await expect(asked).rejects.toMatchObject({ code: 'bundle_unreadable' });
  });
});
