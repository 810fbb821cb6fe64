import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeCheckRequest } from '../../test/fakes/check-world.ts';
import type { CheckRequest, CheckRequest__Output } from '../generated/envoy/service/auth/v3/CheckRequest.ts';
import { decodeCheckRequest } from '../wire.ts';
import { readCheckRequest } from './check-request.ts';

const RUNS = 3000;
const text = fc
  .oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.constantFrom('', 'authorization', ':path', 'GET', '__proto__', 'toString', 'é', '\ud800'),
  )
  .map((each) => each.toWellFormed());
const map = fc.dictionary(text, text, { maxKeys: 6 });
const bytes = fc.uint8Array({ maxLength: 30 }).map((list) => Buffer.from(list));
const { struct } = fc.letrec((tie) => ({
  struct: fc.record({ fields: fc.dictionary(text, tie('value'), { maxKeys: 3 }) }, { requiredKeys: [] }),
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constant({ nullValue: 0 }),
    fc.record({ numberValue: fc.double({ noNaN: true }) }),
    fc.record({ stringValue: text }),
    fc.record({ boolValue: fc.boolean() }),
    fc.record({ structValue: tie('struct') }),
    fc.record({ listValue: fc.record({ values: fc.array(tie('value'), { maxLength: 3 }) }) }),
  ),
}));
const any = (shape: Record<string, fc.Arbitrary<unknown>>) => fc.record(shape, { requiredKeys: [] });
const socket = fc.oneof(any({ address: text, port_value: fc.nat(65_535) }), any({ address: text, named_port: text }));
const peer = any({
  address: fc.oneof(any({ socket_address: socket }), any({ pipe: any({ path: text }) })),
  principal: text,
  certificate: text,
});
const http = any({
  id: text,
  method: text,
  headers: map,
  header_map: any({ headers: fc.array(any({ key: text, value: text, raw_value: bytes }), { maxLength: 5 }) }),
  path: text,
  host: text,
  scheme: text,
  query: text,
  fragment: text,
  size: fc.oneof(fc.constant(-1), fc.maxSafeInteger()),
  protocol: text,
  body: text,
  raw_body: bytes,
});
const message = any({
  attributes: any({
    source: peer,
    destination: peer,
    request: any({ time: any({ seconds: fc.maxSafeNat(), nanos: fc.nat(999_999_999) }), http }),
    context_extensions: map,
    metadata_context: any({ filter_metadata: fc.dictionary(text, struct, { maxKeys: 3 }) }),
    tls_session: any({ sni: text }),
  }),
}) as fc.Arbitrary<CheckRequest>;

/** As JSON, and without what no step looks at. */
function known(read: CheckRequest__Output): unknown {
  return JSON.parse(JSON.stringify(read), (name, value: unknown) => (IGNORED.has(name) ? undefined : value));
}

const IGNORED = new Set(['id', 'scheme', 'fragment', 'protocol', 'time']);

/** What the library says of the bytes; undefined where it refuses them. */
function byLibrary(sent: Uint8Array): unknown {
  try {
    return known(decodeCheckRequest(sent));
  } catch {
    return undefined;
  }
}

function byUs(sent: Uint8Array): unknown {
  try {
    return known(readCheckRequest(sent));
  } catch (error) {
    expect(error).toBeInstanceOf(RangeError);
    return undefined;
  }
}

/** Field number and kind, and what follows. */
function member(field: number, kind: number, content: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([(field << 3) | kind]), content]);
}

function nested(field: number, ...content: readonly Buffer[]): Buffer {
  const inner = Buffer.concat(content);
  const [low, high] = [inner.length & 127, inner.length >>> 7];
  return member(field, 2, Buffer.concat([Buffer.from(high === 0 ? [low] : [low | 128, high]), inner]));
}

describe('readCheckRequest', () => {
  it('reads what protobufjs reads, of any message', () => {
    fc.assert(
      fc.property(message, (sent) => {
        const wire = encodeCheckRequest(sent);
        expect(known(readCheckRequest(wire))).toEqual(byLibrary(wire));
      }),
      { numRuns: RUNS, seed: 20_261_123 },
    );
  });

  it('reads broken bytes as protobufjs does, or refuses them [E04]', () => {
    const change = fc.record({
      at: fc.nat(4000),
      byte: fc.nat(255),
      how: fc.constantFrom('set', 'cut', 'add', 'drop'),
    });
    let read = 0;
    fc.assert(
      fc.property(message, fc.array(change, { minLength: 1, maxLength: 3 }), (sent, changes) => {
        let wire = encodeCheckRequest(sent);
        for (const { at, byte, how } of changes) {
          const place = wire.length === 0 ? 0 : at % wire.length;
          const [head, rest] = [wire.subarray(0, place), wire.subarray(how === 'add' ? place : place + 1)];
          wire = Buffer.concat(
            how === 'cut' ? [head] : how === 'drop' ? [head, rest] : [head, Buffer.from([byte]), rest],
          );
        }
        const ours = byUs(wire);
        if (ours === undefined) return true;
        read += 1;
        return isDeepStrictEqual(ours, byLibrary(wire));
      }),
      { numRuns: RUNS * 3, seed: 20_261_123 },
    );
    // Many of them are still messages: a reader that refuses all would agree, too.
    expect(read).toBeGreaterThan(RUNS / 4);
  });

  it('reads any bytes in any of its messages as protobufjs does, or refuses them [E04]', () => {
    const places = [
      [1],
      [1, 1],
      [1, 1, 1],
      [1, 2, 1, 1],
      [1, 4],
      [1, 4, 2],
      [1, 4, 2, 3],
      [1, 4, 2, 13],
      [1, 10],
      [1, 11],
      [1, 11, 1],
      [1, 12],
    ];
    let read = 0;
    fc.assert(
      fc.property(fc.constantFrom(...places), fc.uint8Array({ maxLength: 40 }), (place, noise) => {
        const sent = place.reduceRight<Buffer>((inner, field) => nested(field, inner), Buffer.from(noise));
        const ours = byUs(sent);
        if (ours === undefined) return true;
        read += 1;
        return isDeepStrictEqual(ours, byLibrary(sent));
      }),
      { numRuns: RUNS * 3, seed: 20_261_123 },
    );
    expect(read).toBeGreaterThan(500);
  });

  it('gives maps that have no member but those that were sent [J11]', () => {
    const { attributes } = readCheckRequest(
      encodeCheckRequest({
        attributes: {
          context_extensions: { a: 'b' },
          request: { http: { headers: { a: 'b' } } },
          metadata_context: { filter_metadata: { a: { fields: { a: { boolValue: true } } } } },
        },
      }),
    );
    const filters = attributes?.metadata_context?.filter_metadata;
    for (const map of [
      attributes?.context_extensions,
      attributes?.request?.http?.headers,
      filters,
      filters?.['a']?.fields,
    ]) {
      expect(Object.keys(map ?? {})).toEqual(['a']);
      expect('constructor' in (map ?? {})).toBe(false);
    }
  });

  it('passes over members that it does not know, of every kind', () => {
    const principal = nested(4, Buffer.from('a'));
    const unknown = [
      member(14, 0, Buffer.from([0x96, 0x01])),
      member(14, 1, Buffer.alloc(8)),
      member(14, 2, Buffer.from([2, 1, 1])),
      member(14, 5, Buffer.alloc(4)),
    ];
    const sent = nested(1, nested(1, ...unknown, principal));
    expect(readCheckRequest(sent).attributes?.source?.principal).toBe('a');
  });

  const value = (...content: readonly Buffer[]): Buffer =>
    nested(1, nested(11, nested(1, nested(1), nested(2, nested(1, nested(2, ...content))))));

  it.each<[string, Buffer, string]>([
    ['a text as a number', nested(1, nested(1, member(4, 0, Buffer.from([0])))), 'another kind'],
    ['a number as a text', nested(1, nested(4, nested(2, nested(9, Buffer.from('1'))))), 'another kind'],
    ['a message in two pieces', nested(1, nested(1), nested(1)), 'twice'],
    ['a request in two pieces', nested(1, nested(4), nested(4)), 'twice'],
    ['an address of two kinds', nested(1, nested(2, nested(1, nested(1), nested(2)))), 'twice'],
    ['an address of two kinds, the other way round', nested(1, nested(2, nested(1, nested(2), nested(1)))), 'twice'],
    [
      'a port of two kinds',
      nested(1, nested(2, nested(1, nested(1, nested(4), member(3, 0, Buffer.from([1])))))),
      'twice',
    ],
    ['a value of two kinds', value(nested(3), member(4, 0, Buffer.from([1]))), 'is a stringValue already'],
    ['a value that is there twice', value(nested(3), nested(3)), 'is a stringValue already'],
    ['a header twice', nested(1, nested(4, nested(2, nested(3), nested(3)))), 'name is there twice'],
    ['a filter twice', nested(1, nested(11, nested(1, nested(2)), nested(1, nested(2)))), 'name is there twice'],
    ['a null that is none', value(member(1, 0, Buffer.from([1]))), 'a null that is none'],
    ['an entry without a value', nested(1, nested(11, nested(1, nested(1)))), 'without a value'],
    [
      'a text that reaches past its message',
      nested(1, Buffer.concat([nested(1, member(4, 2, Buffer.from([9]))), Buffer.alloc(9)])),
      'longer than what it is in',
    ],
    ['a member without a number', member(0, 0, Buffer.from([1])), 'without a number'],
    ['a group', nested(1, member(14, 3, member(14, 4, Buffer.alloc(0)))), 'no known kind'],
    ['a kind that does not exist', nested(1, member(14, 7, Buffer.alloc(0))), 'no known kind'],
    ['a tag over 31 bits', Buffer.from('ffffffff0f', 'hex'), '31 bits'],
    ['a length over 31 bits', Buffer.from('0affffffff7f', 'hex'), '31 bits'],
    ['a length of 2^31', Buffer.from('0a8080808008', 'hex'), '31 bits'],
    ['a number over 64 bits', nested(1, nested(4, nested(2, member(9, 0, Buffer.alloc(11, 0xff))))), '64 bits'],
    ['a number that reaches past its message', Buffer.from('0a01980100', 'hex'), 'cut off'],
    ['eight bytes that reach past their message', Buffer.from('0a03710000000000000000', 'hex'), 'cut off'],
    ['a number that is cut off', Buffer.from('8a', 'hex'), 'cut off'],
    ['eight bytes that are cut off', member(14, 1, Buffer.alloc(7)), 'cut off'],
    ['four bytes that are cut off', member(14, 5, Buffer.alloc(3)), 'cut off'],
  ])('refuses %s [E04]', (_, sent, why) => {
    expect(() => readCheckRequest(sent)).toThrow(RangeError);
    expect(() => readCheckRequest(sent)).toThrow(why);
  });

  it('refuses a struct in a struct in a struct, without an end, where protobufjs does [E04]', () => {
    const deep = (levels: number): Buffer => {
      let content = nested(3, Buffer.from('x'));
      for (let level = 0; level < levels; level++) content = nested(5, nested(1, nested(2, content)));
      return nested(1, nested(11, nested(1, nested(2, nested(1, nested(2, content))))));
    };
    expect(readCheckRequest(deep(48))).toEqual(decodeCheckRequest(deep(48)));
    expect(() => readCheckRequest(deep(49))).toThrow('too deep');
    expect(() => decodeCheckRequest(deep(49))).toThrow('depth');
  });

  it('does not take many members for deep ones', () => {
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`x-${index}`, 'a']));
    const list = Object.keys(many).map((key) => ({ key, value: 'a' }));
    const sent = encodeCheckRequest({
      attributes: { request: { http: { headers: many, header_map: { headers: list } } } },
    });
    const http = readCheckRequest(sent).attributes?.request?.http;
    expect(http?.headers).toEqual(many);
    expect(http?.header_map?.headers).toEqual(list);
  });

  const named = (name: Buffer): string[] =>
    Object.keys(readCheckRequest(nested(1, nested(10, nested(1, name)))).attributes?.context_extensions ?? {});

  it('never takes one name for another, whatever came before [E04]', () => {
    // The same characters as UTF-8 and as Latin-1: the second is another text, and looks like the first.
    const units = fc.constantFrom('a', '\u00a5', '\u00bf', '\u00e9');
    fc.assert(
      fc.property(fc.string({ unit: units, minLength: 1, maxLength: 8 }), (chars) => {
        for (const name of [Buffer.from(chars, 'utf8'), Buffer.from(chars, 'latin1')]) {
          expect(named(name)).toEqual([name.toString('utf8')]);
        }
      }),
      { numRuns: 1000, seed: 20_261_123 },
    );
    const name = Buffer.from('語ü');
    expect(named(name)).toEqual(['語ü']);
    expect(named(Buffer.from(name.toString('latin1'), 'utf8'))).toEqual([name.toString('latin1')]);
    expect(named(name)).toEqual(['語ü']);
  });

  it('reads any short name, whatever came before [E04]', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 4 }), (noise) => {
        expect(named(Buffer.from(noise))).toEqual([Buffer.from(noise).toString('utf8')]);
      }),
      { numRuns: 10_000, seed: 20_261_123 },
    );
  });
});
