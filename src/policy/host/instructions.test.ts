import { RE2JS } from 're2js';
import { describe, expect, it } from 'vitest';
import { instructionsOf } from './instructions.ts';

const PATTERNS = [
  'abc',
  'a{1000}',
  'a{1000}'.repeat(5),
  '((a{10}){10}){10}',
  '(?:ab{3}){2,5}c',
  '(?P<name>[a-z]{2,63}\\.){1,4}',
  '[^]a{5}]{20}',
  '[[:alpha:]{}]{30}',
  '\\pL{100}|\\p{Greek}{50}',
  '\\x{41}{100}',
  '\\Qa{9}\\E{10}',
  '(?i)(?:k{20}|x){10}',
  'a{20,}b{0,30}',
  '(a{10}',
];

describe('the instructions of a pattern', () => {
  it.each(PATTERNS)('are known before it is compiled, or somewhat more: %s [P07]', (pattern) => {
    const whole = pattern === '(a{10}' ? `${pattern})` : pattern;
    expect(instructionsOf(pattern)).toBeGreaterThanOrEqual(RE2JS.compile(whole).programSize() - whole.length);
    expect(instructionsOf(pattern)).toBeLessThan(RE2JS.compile(whole).programSize() * 3 + 200);
  });

  it('are not those of what is no repetition', () => {
    expect(instructionsOf('a\\{1000}')).toBeLessThan(20);
    expect(instructionsOf('[{1000}]')).toBeLessThan(20);
  });
});
