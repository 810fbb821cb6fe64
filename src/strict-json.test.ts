import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseStrictJson, StrictJsonError } from './strict-json.ts';

const LIMITS = { depth: 4, members: 6, values: 12 };

function faultOf(text: string): string {
  try {
    parseStrictJson(text, LIMITS);
    return 'none';
  } catch (error) {
    return error instanceof StrictJsonError ? error.fault : 'other';
  }
}

describe('strict JSON', () => {
  it.each([
    ['{"a":1,"a":2}', 'duplicate'],
    ['{"act":1,"\\u0061ct":2}', 'duplicate'],
    ['{"x":{"a":1,"b":[{"c":1,"c":1}]}}', 'duplicate'],
    ['[[[[[1]]]]]', 'depth'],
    ['{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1}', 'members'],
    ['[1,1,1,1,1,1,1,1,1,1,1,1,1]', 'values'],
    ['[[],[],[],[],[],[],[],[],[]]', 'values'],
    ['{"a":', 'syntax'],
    ['', 'syntax'],
    ['"open', 'syntax'],
    ['{"a":1} {"a":2}', 'syntax'],
    ['{"a":"\\ud800"}', 'syntax'],
    ['{"\\udc00\\ud800":1}', 'syntax'],
    ['{"a":"\\ud83d\\ude00 \\\\ud800"}', 'none'],
    ['{"a":1e400}', 'syntax'],
    ['[[-1E+400]]', 'syntax'],
    [`[${'9'.repeat(250)}e99]`, 'syntax'],
    [`[${'9'.repeat(309)}]`, 'syntax'],
    [`[${'9'.repeat(300)}e9]`, 'syntax'],
    ['[1e308,1e-400,"1e400"]', 'none'],
    ['{"a":{"x":1},"b":{"x":1}}', 'none'],
    ['["a","a",{"a":"a"}]', 'none'],
    ['{"a":"},{\\"a\\":"}', 'none'],
  ])('finds in %s the fault: %s (J08, J09, J10)', (text, fault) => {
    expect(faultOf(text)).toBe(fault);
  });

  it('reads every JSON text exactly as JSON.parse does', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 3 }), (text) => {
        expect(parseStrictJson(text, { depth: 50, members: 100_000, values: 100_000 })).toEqual(JSON.parse(text));
      }),
      { seed: 7, numRuns: 500 },
    );
  });

  it('never throws anything but its own error, whatever the text', () => {
    fc.assert(
      fc.property(fc.string(), (text) =>
        ['none', 'syntax', 'duplicate', 'depth', 'members', 'values'].includes(faultOf(text)),
      ),
      { seed: 8, numRuns: 500 },
    );
  });
});
