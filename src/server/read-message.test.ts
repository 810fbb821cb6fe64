import type { ServerHttp2Stream } from 'node:http2';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { frame } from './frame.ts';
import { type Flaw, readMessage } from './read-message.ts';

const MOST = 10;

/** What is taken of a stream that brings these chunks. */
async function taken(...chunks: readonly Buffer[]): Promise<(string | Flaw)[]> {
  const stream = new PassThrough();
  const seen: (string | Flaw)[] = [];
  readMessage(stream as unknown as ServerHttp2Stream, MOST, (message) =>
    seen.push('flaw' in message ? message : Buffer.from(message).toString()),
  );
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
  await new Promise((resolve) => stream.on('close', resolve));
  return seen;
}

describe('a message', () => {
  it('is taken once, whole, up to its limit', async () => {
    expect(await taken(frame(Buffer.from('0123456789')))).toEqual(['0123456789']);
    expect(await taken(Buffer.from([0]), Buffer.from([0, 0, 0, 1]), Buffer.from('x'))).toEqual(['x']);
    expect(await taken(frame(Buffer.alloc(0)))).toEqual(['']);
  });

  it('is refused as soon as it is over its limit, whatever it says and whatever follows [N05]', async () => {
    const refused = [{ flaw: 'the message is over 10 bytes' }];
    expect(await taken(frame(Buffer.from('0123456789a')))).toEqual(refused);
    expect(await taken(Buffer.from([0, 0, 0, 0, 1]), Buffer.alloc(20), Buffer.alloc(20))).toEqual(refused);
  });

  it('is neither taken nor kept any more once it is stopped [N05]', async () => {
    const stream = new PassThrough();
    const seen: unknown[] = [];
    const stop = readMessage(stream as unknown as ServerHttp2Stream, MOST, (message) => seen.push(message));
    stream.write(Buffer.from([0, 0, 0, 0, 1]));
    stop();
    stream.end(Buffer.from('x'));
    await new Promise((resolve) => stream.on('close', resolve));
    expect(seen).toEqual([]);
  });

  it('that is cut off by the end of its connection is told at once [N12]', async () => {
    const stream = new PassThrough();
    const seen: unknown[] = [];
    readMessage(stream as unknown as ServerHttp2Stream, MOST, (message) => seen.push(message));
    stream.write(Buffer.from([0]));
    stream.destroy();
    await new Promise((resolve) => stream.on('close', resolve));
    expect(seen).toEqual([{ flaw: 'the call was cut off' }]);
  });
});
