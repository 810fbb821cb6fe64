import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Refusal } from '../refusals.ts';
import { parseXfcc, type XfccElement } from './xfcc.ts';

const HASH = 'ab'.repeat(32);

function outcome(text: string): readonly XfccElement[] | string {
  try {
    return parseXfcc(text);
  } catch (error) {
    return error instanceof Refusal ? error.code : `threw ${String(error)}`;
  }
}

describe('x-forwarded-client-cert', () => {
  it.each<[string, string, readonly XfccElement[]]>([
    [
      'one element as Envoy writes it',
      `By=spiffe://td/envoy;Hash=${HASH};Subject="CN=a\\, b,O=\\"c\\"";URI=spiffe://td/a`,
      [{ by: 'spiffe://td/envoy', hash: HASH, uri: 'spiffe://td/a' }],
    ],
    [
      'two elements, with several DNS names',
      'By=spiffe://td/x;URI=spiffe://td/a;DNS=a.b;DNS=c.d,By=spiffe://td/y;URI=spiffe://td/x',
      [
        { by: 'spiffe://td/x', hash: undefined, uri: 'spiffe://td/a' },
        { by: 'spiffe://td/y', hash: undefined, uri: 'spiffe://td/x' },
      ],
    ],
    ['an empty URI and By', 'By=;Subject="";URI=', [{ by: '', hash: undefined, uri: undefined }]],
    ['keys in any case', 'bY=x;uRi=y', [{ by: 'x', hash: undefined, uri: 'y' }]],
    [
      'an encoded certificate and chain',
      'Cert="-----BEGIN%20CERTIFICATE-----%0AMII%3D";Chain="a%0A";By=x',
      [{ by: 'x', hash: undefined, uri: undefined }],
    ],
    ['separators within quotes', 'Subject="a;URI=b,By=c";URI=d', [{ by: '', hash: undefined, uri: 'd' }]],
    ['a quoted URI', 'URI="spiffe://td/a"', [{ by: '', hash: undefined, uri: 'spiffe://td/a' }]],
  ])('is read with %s [S03]', (_, text, elements) => {
    expect(outcome(text)).toEqual(elements);
  });

  it.each([
    ['nothing', ''],
    ['no key', 'spiffe://td/a'],
    ['two URIs', 'URI=spiffe://td/a;URI=spiffe://td/b'],
    ['two URIs in two spellings', 'URI=spiffe://td/a;uri=spiffe://td/b'],
    ['two By', 'By=a;By=b'],
    ['two Hash', `Hash=${HASH};Hash=${HASH}`],
    ['two Subjects', 'Subject="a";Subject="b"'],
    ['a Hash that is none', 'Hash=abc'],
    ['an upper-case Hash', `Hash=${HASH.toUpperCase()}`],
    ['an unknown key', 'Issuer=a'],
    ['a quote that stays open', 'Subject="a'],
    ['a quote that only an escape closes', 'Subject="a\\"'],
    ['text after a quote', 'Subject="a"b'],
    ['a quote inside', 'URI=a"b"'],
    ['an equals sign inside', 'URI=spiffe://td/a?x=y'],
    ['a blank', 'By=a; URI=b'],
    ['a blank between elements', 'By=a, By=b'],
    ['an empty element', 'By=a,,By=b'],
    ['an empty pair', 'By=a;;URI=b'],
    ['a comma at the end', 'By=a,'],
    ['a semicolon at the end', 'By=a;'],
    ['a control character', 'By=a\u0001'],
    ['a line end', 'By=a\n'],
    ['a NUL in quotes', 'Subject="a\u0000b"'],
    ['a backslash', 'By=a\\'],
    ['the JSON format', '[{"By":"spiffe://td/envoy","URI":"spiffe://td/a"}]'],
    ['over 32 KiB', `Subject="${'a'.repeat(33_000)}"`],
    ['33 elements', Array.from({ length: 33 }, () => 'By=a').join(',')],
  ])('is refused with %s [S03]', (_, text) => {
    expect(outcome(text)).toBe('xfcc_malformed');
  });

  it('never lets a first element of the client swallow the one that the proxy appends [S02, S03]', () => {
    const ours = 'By=spiffe://td/envoy;Subject="CN=x";URI=spiffe://td/caller';
    const soup = fc.array(fc.constantFrom('"', '\\', ',', ';', '=', 'a', 'By=', 'URI=', 'Subject="'), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(soup, (pieces) => {
        const found = outcome(`${pieces.join('')},${ours}`);
        if (typeof found === 'string') expect(found).toBe('xfcc_malformed');
        else expect(found.at(-1)).toEqual({ by: 'spiffe://td/envoy', hash: undefined, uri: 'spiffe://td/caller' });
      }),
      { numRuns: 20_000 },
    );
  });

  it('is read as an independent parser reads it [S03]', () => {
    const piece = fc.oneof(
      { weight: 8, arbitrary: pair() },
      { weight: 1, arbitrary: fc.constantFrom('', 'x', '"', 'a=b', ' By=a', 'By="a"b', 'By=a"') },
    );
    const element = fc.array(piece, { minLength: 1, maxLength: 4 }).map((pairs) => pairs.join(';'));
    const text = fc.array(element, { minLength: 1, maxLength: 4 }).map((elements) => elements.join(','));
    let [valid, malformed] = [0, 0];
    fc.assert(
      fc.property(text, (header) => {
        const expected = reference(header);
        if (expected === undefined) malformed += 1;
        else valid += 1;
        expect(outcome(header)).toEqual(expected ?? 'xfcc_malformed');
      }),
      { numRuns: 50_000 },
    );
    // The grammar has both, or nothing was compared.
    expect(Math.min(valid, malformed)).toBeGreaterThan(2000);
  });
});

function pair(): fc.Arbitrary<string> {
  const key = fc.constantFrom('By', 'URI', 'uri', 'Hash', 'Subject', 'DNS', 'dns', 'Cert', 'Chain', 'Nope');
  const plain = fc.constantFrom('', 'spiffe://td/a', 'a.b', HASH, 'a=b', 'a b', 'ü');
  const quoted = fc
    .array(fc.constantFrom('a', ' ', ',', ';', '=', '\\"', '\\\\', '\\,', '\\', 'ü'), { maxLength: 5 })
    .map((pieces) => `"${pieces.join('')}"`);
  return fc.tuple(key, fc.oneof(plain, quoted)).map(([name, value]) => `${name}=${value}`);
}

/** Character by character, with a state and no regular expression over the whole: undefined where it is malformed. */
function reference(text: string): XfccElement[] | undefined {
  const elements: XfccElement[] = [];
  const state = { pairs: new Map<string, string>(), key: '', value: '', mode: 'key' as Mode };
  for (const char of `${text},`) {
    const next = step(state, char);
    if (next === undefined) return undefined;
    if (state.mode !== 'quoted' && state.mode !== 'escaped' && (char === ',' || char === ';') && next === 'key') {
      const name = state.key.toLowerCase();
      if (!['by', 'hash', 'cert', 'chain', 'subject', 'uri', 'dns'].includes(name)) return undefined;
      if (name !== 'dns' && state.pairs.has(name)) return undefined;
      if (
        name === 'hash' &&
        (state.value.length !== 64 || Array.from(state.value).some((c) => !'0123456789abcdef'.includes(c)))
      ) {
        return undefined;
      }
      state.pairs.set(name, state.value);
      [state.key, state.value] = ['', ''];
      if (char === ',') {
        const { pairs } = state;
        elements.push({ by: pairs.get('by') ?? '', hash: pairs.get('hash'), uri: pairs.get('uri') || undefined });
        state.pairs = new Map();
      }
    }
    state.mode = next;
  }
  return state.mode === 'key' && state.key === '' ? elements : undefined;
}

type Mode = 'key' | 'value' | 'plain' | 'quoted' | 'escaped' | 'closed';

function step(state: { key: string; value: string; mode: Mode }, char: string): Mode | undefined {
  const ends = char === ',' || char === ';';
  if (state.mode === 'key') {
    if (char === '=') return 'value';
    if (ends) return undefined;
    state.key += char;
    return 'key';
  }
  if (state.mode === 'closed') return ends ? 'key' : undefined;
  if (state.mode === 'quoted' && char === '"') return 'closed';
  if (state.mode === 'quoted' || state.mode === 'escaped') {
    state.value += char;
    return state.mode === 'quoted' && char === '\\' ? 'escaped' : 'quoted';
  }
  if (ends) return 'key';
  if (char === '"') return state.mode === 'value' ? 'quoted' : undefined;
  if (char === '=' || char === '\\' || char === ' ') return undefined;
  state.value += char;
  return 'plain';
}
