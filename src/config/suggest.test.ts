import { describe, expect, it } from 'vitest';
import { suggest } from './suggest.ts';

const KEYS = ['listen', 'matrix', 'issuers', 'policy', 'denials', 'provenance', 'tokenTypes'];

describe('suggest', () => {
  it.each([
    ['a letter too few', 'polcy', 'policy'],
    ['a letter too many', 'listten', 'listen'],
    ['a wrong letter', 'denyals', 'denials'],
    ['two letters swapped', 'issures', 'issuers'],
    ['other separators', 'token_types', 'tokenTypes'],
    ['other case', 'MATRIX', 'matrix'],
  ])('finds the key behind %s', (_, word, meant) => {
    expect(suggest(word, KEYS)).toBe(meant);
  });

  it.each(['store', 'x', '', 'completely-else'])('stays silent rather than guess at "%s"', (word) => {
    expect(suggest(word, KEYS)).toBeUndefined();
  });

  it('takes the nearest of several', () => {
    expect(suggest('scope', ['scopes', 'score', 'slope'])).toBe('scopes');
  });
});
