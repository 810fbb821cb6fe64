import { describe, expect, it } from 'vitest';
import { encodeCheckRequest } from '../../test/fakes/check-world.ts';
import { receive } from './receive.ts';

const MESSAGE = encodeCheckRequest({ attributes: { source: { principal: 'spiffe://td/a' } } });

describe('receive', () => {
  it('decodes a message up to the limit', () => {
    expect(receive(MESSAGE, MESSAGE.length).attributes?.source?.principal).toBe('spiffe://td/a');
  });

  it.each<[string, Buffer, number, string]>([
    ['an empty message [E04]', Buffer.alloc(0), 100, 'the message is empty'],
    ['a message over the limit [E04]', MESSAGE, MESSAGE.length - 1, `over ${MESSAGE.length - 1} bytes`],
    ['half a message [E04]', MESSAGE.subarray(0, -1), 100, 'does not decode'],
    ['bytes that are no message [E04]', Buffer.from('ffffffff', 'hex'), 100, 'does not decode'],
  ])('refuses %s', (_, bytes, limit, why) => {
    expect(() => receive(bytes, limit)).toThrow(`malformed_check_request: `);
    expect(() => receive(bytes, limit)).toThrow(why);
  });
});
