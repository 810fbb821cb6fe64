import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CheckResponse } from '../generated/envoy/service/auth/v3/CheckResponse.ts';
import { decodeCheckResponse, encodeCheckResponse } from '../wire.ts';
import { messageText } from './message-text.ts';
import { readBack } from './read-back.ts';

const text = fc.string({ unit: 'grapheme', maxLength: 300 });
const headers = fc.array(
  fc.record({ key: text, value: text }).map((header) => ({ header, append_action: 2 as const })),
  { maxLength: 6 },
);
const strings = fc.dictionary(text, text, { maxKeys: 12 });
const asFields = (all: Record<string, string>) =>
  Object.fromEntries(Object.entries(all).map(([key, stringValue]) => [key, { stringValue }]));
const metadata = fc.tuple(strings, strings).map(([own, policy]) => ({
  fields: { ...asFields(own), policy: { structValue: { fields: asFields(policy) } } },
}));
const allowed = fc.record({ headers, headers_to_remove: fc.array(text, { maxLength: 4 }), metadata }).map(
  ({ metadata: dynamic_metadata, ...ok_response }): CheckResponse => ({
    status: { code: 0 },
    ok_response,
    dynamic_metadata,
  }),
);
const denied = fc
  .record({
    code: fc.integer({ min: 1, max: 16 }),
    http: fc.constantFrom(400, 401, 403, 429, 503),
    headers,
    body: text,
    metadata,
  })
  .map(
    ({ code, http, headers: options, body, metadata: dynamic_metadata }): CheckResponse => ({
      status: { code },
      denied_response: { status: { code: http as 400 }, headers: options, body },
      dynamic_metadata,
    }),
  );

const written = (message: CheckResponse) => Buffer.from(messageText(message), 'latin1');

describe('the bytes of an answer', () => {
  it('say to protobufjs what the answer says, for every allow and deny (E01)', () => {
    fc.assert(
      fc.property(fc.oneof(allowed, denied), (message) => {
        // Both encoders' bytes, read by the library: an empty text is absent to one and empty to the other.
        expect(decodeCheckResponse(written(message))).toEqual(decodeCheckResponse(encodeCheckResponse(message)));
      }),
      { seed: 21, numRuns: 400 },
    );
  });

  it('say the same to the reader as to protobufjs', () => {
    fc.assert(
      fc.property(fc.oneof(allowed, denied), (message) => {
        const bytes = written(message);
        const { status, denied_response, ok_response } = decodeCheckResponse(bytes);
        expect(readBack(bytes)).toEqual({
          status: status?.code ?? 0,
          isOk: ok_response !== undefined,
          denied: denied_response?.status?.code,
        });
      }),
      { seed: 22, numRuns: 400 },
    );
  });

  it('never say allow to protobufjs where the reader takes them for a denial, however they are broken (E01)', () => {
    const flip = fc.record({ at: fc.nat({ max: 40 }), to: fc.nat({ max: 255 }) });
    fc.assert(
      fc.property(denied, fc.array(flip, { minLength: 1, maxLength: 3 }), (message, flips) => {
        const bytes = written(message);
        for (const { at, to } of flips) bytes[at % bytes.length] = to;
        let said: ReturnType<typeof readBack>;
        try {
          said = readBack(bytes);
        } catch {
          return;
        }
        if (said.status === undefined || said.status === 0 || said.denied === undefined) return;
        let code: number;
        try {
          code = decodeCheckResponse(bytes).status?.code ?? 0;
        } catch {
          return;
        }
        expect(code).not.toBe(0);
      }),
      { seed: 23, numRuns: 3000 },
    );
  });

  it.each<[string, number[]]>([
    ['a member twice', [0x0a, 2, 8, 7, 0x0a, 2, 8, 0]],
    ['members out of order', [0x12, 0, 0x0a, 2, 8, 7]],
    ['a member that is not ours', [0x0a, 2, 8, 7, 0x32, 0]],
    ['a number where a message belongs', [0x08, 7]],
    ['half a member', [0x0a, 9, 8, 7]],
    ['half a length', [0x0a, 0x80]],
    ['more than a code in the status', [0x0a, 4, 8, 7, 8, 0]],
    ['another field in the status', [0x0a, 2, 0x10, 7]],
  ])('are refused with %s (E01)', (_, bytes) => {
    expect(() => readBack(Uint8Array.from(bytes))).toThrow(TypeError);
  });

  it('are refused where a value is missing or no text', () => {
    const key = 'k';
    expect(() => messageText({ status: {} })).toThrow(TypeError);
    expect(() => messageText({ status: { code: -1 } })).toThrow(TypeError);
    expect(() => messageText({ status: { code: 0 }, ok_response: { headers: [{ header: { key } }] } })).toThrow(
      TypeError,
    );
    expect(() => messageText({ dynamic_metadata: { fields: { a: { boolValue: true } } } })).toThrow(TypeError);
  });
});
