import { describe, expect, it } from 'vitest';
import { parseSpiffeId } from './spiffe-id.ts';

describe('a SPIFFE ID', () => {
  it.each([
    'spiffe://example.org/a',
    'spiffe://prod.acme.example/ns/agents/sa/procurement',
    'spiffe://a_b-c.1/A.b_c-D',
    'spiffe://td/...',
  ])('is %s', (text) => {
    expect(parseSpiffeId(text)?.id).toBe(text);
  });

  it.each([
    ['EXAMPLE.org', 'spiffe://EXAMPLE.org/a'],
    ['a port', 'spiffe://example.org:443/a'],
    ['user info', 'spiffe://user@example.org/a'],
    ['no trust domain', 'spiffe:///a'],
    ['no path', 'spiffe://example.org'],
    ['an empty path', 'spiffe://example.org/'],
    ['a trailing slash', 'spiffe://example.org/a/'],
    ['an empty segment', 'spiffe://example.org/a//b'],
    ['a dot segment', 'spiffe://example.org/a/../b'],
    ['a single dot', 'spiffe://example.org/./b'],
    ['an escape', 'spiffe://example.org/a%2fb'],
    ['a query', 'spiffe://example.org/a?x=1'],
    ['a fragment', 'spiffe://example.org/a#x'],
    ['another scheme', 'https://example.org/a'],
    ['an upper-case scheme', 'SPIFFE://example.org/a'],
    ['a NUL', 'spiffe://example.org/a\u0000b'],
    ['a line end', 'spiffe://example.org/a\n'],
    ['an umlaut', 'spiffe://exämple.org/a'],
    ['a space', 'spiffe://example.org/a b'],
    ['more than 2048 characters', `spiffe://example.org/${'a'.repeat(2048)}`],
  ])('is not one with %s (S06, S07, S08)', (_, text) => {
    expect(parseSpiffeId(text)).toBeUndefined();
  });
});
