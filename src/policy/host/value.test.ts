import { describe, expect, it } from 'vitest';
import { Order } from './compare.ts';
import { readValue as read } from './read-value.ts';
import { termText as term } from './term-text.ts';
import { keyOf, RegoObject, RegoSet, type RegoValue } from './value.ts';
import { writeValue as write } from './write-value.ts';

const readValue = (text: string): RegoValue => read(text, () => {});
const writeValue = (value: unknown): string => write(value, () => {});
const termText = (value: RegoValue): string => term(value, () => {});

const TEXTS = [
  'null',
  '-1.50',
  '1e3',
  '9007199254740993',
  '"a \\"quoted\\" \\u0000 text"',
  '[]',
  '{}',
  'set()',
  '{1,"a",{2}}',
  '{{1}:[set(),{"k":{}}],"a":null}',
];

describe('a value', () => {
  it.each(TEXTS)('comes back as it was: %s', (text) => {
    const spaced = text.replaceAll(/,(?=\S)/g, ', ').replaceAll(/:(?=\S)/g, ': ');
    expect(writeValue(readValue(spaced))).toBe(text);
  });

  it.each(['', '1 2', '[1,2]', '{1: 2, 3}x', '"open', '{', 'nothing', '[1, 2'])('is not read from %j', (text) => {
    expect(() => readValue(text)).toThrow(SyntaxError);
  });

  it.each([Number.NaN, '\ud800', () => 1, Symbol('a'), [undefined]])('is not written from %s', (value) => {
    expect(() => writeValue(value)).toThrow(TypeError);
  });

  it('has plain objects of a builtin written as objects, whatever they are called', () => {
    expect(writeValue({ constructor: 1, toString: [1n] })).toBe('{"constructor":1,"toString":[1]}');
  });

  it('is equal by what it is, not by how it is written', () => {
    const same = [readValue('{1: {2, 3}}'), readValue('{1.0: {3.0, 2e0}}')];
    expect(new Set(same.map(keyOf)).size).toBe(1);
    expect(keyOf(readValue('["1"]'))).not.toBe(keyOf(readValue('[1]')));
    expect(keyOf(readValue('{}'))).not.toBe(keyOf(readValue('set()')));
    expect(keyOf(readValue('9007199254740993'))).not.toBe(keyOf(readValue('9007199254740992')));
  });

  it('has a key that does not grow with what is in it [P07]', () => {
    const nested = (depth: number, text: string): RegoValue =>
      Array.from({ length: depth }).reduce<RegoValue>((inner) => new RegoSet([inner]), text.repeat(1000));
    expect(keyOf(nested(500, 'a')).length).toBeLessThan(200);
    expect(keyOf(nested(500, 'a'))).toBe(keyOf(nested(500, 'a')));
    expect(keyOf(nested(500, 'a'))).not.toBe(keyOf(nested(500, 'b')));
    expect(keyOf(nested(500, 'a'))).not.toBe(keyOf(nested(501, 'a')));
  });

  it('is found in sets and objects by that', () => {
    expect((readValue('{1, [2]}') as RegoSet).has(readValue('[2.0]'))).toBe(true);
    expect((readValue('{{1}: "set", "1": "text"}') as RegoObject).get(readValue('{1.0}'))).toBe('set');
  });

  it('is printed in the order of OPA', () => {
    const order = new Order(() => {});
    const values = [
      '{"b": 1}',
      '[2]',
      'set()',
      '"z"',
      '10',
      'true',
      'null',
      '"a"',
      '9',
      '[1, 5]',
      'false',
      '"\ue000"',
      '"😀"',
    ];
    const sorted = values
      .map(readValue)
      .sort((a, b) => order.compare(a, b))
      .map(termText);
    const expected = [
      'null',
      'false',
      'true',
      '9',
      '10',
      '"a"',
      '"z"',
      '"\\ue000"',
      '"😀"',
      '[1, 5]',
      '[2]',
      '{"b": 1}',
      'set()',
    ];
    expect(sorted).toEqual(expected);
  });
});
