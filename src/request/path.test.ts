import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Refusal } from '../refusals.ts';
import { readTarget } from './path.ts';

function codeOf(target: string): string {
  try {
    readTarget(target);
    return 'ok';
  } catch (error) {
    return error instanceof Refusal ? error.code : 'threw';
  }
}

describe('the request target', () => {
  it.each([
    ['//admin/x', 'E11'],
    ['/a//b', 'E11'],
    ['/a/../b', 'E13'],
    ['/a/./b', 'E13'],
    ['/a/%2e%2e/b', 'E13'],
    ['/a/%2E/b', 'E13'],
    ['/a%2fb', 'E13'],
    ['/a%5Cb', 'E13'],
    ['/a\\b', 'E13'],
    ['/a%00b', 'E13'],
    ['/a%0ab', 'E13'],
    ['/a%7f', 'E13'],
    ['/a;v=1/b', 'E13'],
    ['/..;a=b/x', 'E13'],
    ['/a%3bv=1', 'E13'],
    ['/a%3Fx=1', 'E12'],
    ['/a%23x', 'E12'],
    ['/a#x', 'E13'],
    ['/a?x#y', 'E13'],
    ['/a%2541', 'E13'],
    ['/%41dmin', 'E13'],
    ['/%61dmin', 'E13'],
    ['/a%2Db', 'E13'],
    ['/a%c0%af', 'E13'],
    ['/a%zz', 'E13'],
    ['/a%e2%82', 'E13'],
    ['/é', 'E13'],
    ['/a b', 'E13'],
    ['http://erp.acme.example/a', 'E13'],
    ['admin', 'E30'],
    ['', 'E30'],
    ['*', 'E30'],
    [`/${'a'.repeat(9000)}`, 'E13'],
  ])('refuses %s [%s]', (target) => {
    expect(codeOf(target)).toBe('path_not_canonical');
  });

  it.each([
    ['/', ['']],
    ['/a/b', ['a', 'b']],
    ['/a/', ['a', '']],
    ['/pkg.Service/Method', ['pkg.Service', 'Method']],
    ['/caf%C3%A9', ['caf%C3%A9']],
    ['/a%20b', ['a%20b']],
    ['/x@y:z!$&', ['x@y:z!$&']],
  ])('keeps %s as it is', (target, segments) => {
    const read = readTarget(target);
    expect(read.path).toBe(target);
    expect(read.segments).toEqual(segments);
  });

  it('splits at the first question mark on raw bytes [E12]', () => {
    const read = readTarget('/a?b=/c?d&e=%2F&e=2&f');
    expect(read.path).toBe('/a');
    expect(read.rawQuery).toBe('b=/c?d&e=%2F&e=2&f');
    expect(read.query).toEqual(Object.assign(Object.create(null), { b: ['/c?d'], e: ['/', '2'], f: [''] }));
  });

  it('reads parameters that are called like parts of every object [J11]', () => {
    const { query } = readTarget('/a?__proto__=1&toString=2&constructor=3&toString=4');
    expect(Object.entries(query)).toEqual([
      ['__proto__', ['1']],
      ['toString', ['2', '4']],
      ['constructor', ['3']],
    ]);
  });

  it('agrees with an independent RFC 3986 splitter on every path that it takes [E11] [E12]', () => {
    let taken = 0;
    const piece = fc.constantFrom(
      'a',
      'B',
      '0',
      '-',
      '.',
      '..',
      '/',
      '//',
      '%2F',
      '%41',
      '%20',
      ';',
      '?',
      '#',
      '\\',
      '=',
      '&',
      '%',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const target = `/${pieces.join('')}`;
        if (codeOf(target) !== 'ok') return;
        taken++;
        const [, path, , query] = /^([^?#]*)(\?([^#]*))?$/.exec(target) ?? [];
        const read = readTarget(target);
        expect(read.path).toBe(path);
        expect(read.rawQuery).toBe(query ?? '');
        // What any URL parser would forward is what we authorised.
        expect(new URL(`http://h${target}`).pathname).toBe(path);
      }),
      { seed: 11, numRuns: 3000 },
    );
    expect(taken).toBeGreaterThan(300);
  });
});
