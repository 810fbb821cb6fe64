import type { HostBuiltins } from './builtin.ts';
import { isArray } from './is-array.ts';
import { operand } from './operand.ts';
import { RegoSet } from './value.ts';

/** `strings.*` and `indexof_n`. Lengths and places are counted in code points, as OPA counts them. */
export const STRINGS: HostBuiltins = {
  'strings.any_prefix_match': affix((text, prefix) => text.startsWith(prefix)),
  'strings.any_suffix_match': affix((text, suffix) => text.endsWith(suffix)),

  'strings.count': ([text, part], spend) => {
    const [whole, sought] = [operand.text(text), operand.text(part)];
    spend(searching(whole, sought));
    // As Go counts: there is an empty text before each code point, and one at the end.
    return sought === '' ? Array.from(whole).length + 1 : whole.split(sought).length - 1;
  },

  'strings.split_n': ([text, delimiter, count], spend) => {
    const [whole, between] = [operand.text(text), operand.text(delimiter)];
    spend(searching(whole, between));
    const parts = splitText(whole, between);
    const n = Number(operand.integer(count));
    // From the end where it is negative. `slice(-0)` would be all of them.
    return n >= 0 ? parts.slice(0, n) : parts.slice(n);
  },

  indexof_n: ([text, part], spend) => {
    const [whole, sought] = [operand.text(text), operand.text(part)];
    if (sought === '') throw new RangeError('an empty text is everywhere');
    spend(searching(whole, sought));
    return placesOf(whole, sought);
  },
};

/** Ticks: a search is at worst one comparison for each pair of characters, and may find something at each. */
function searching(whole: string, sought: string): number {
  return whole.length * (2 + sought.length / 16);
}

/** Ticks: each text is compared with each affix, for as long as they are alike. */
function comparing(search: readonly string[], base: readonly string[]): number {
  const length = base.reduce((sum, each) => sum + each.length, 0);
  return search.length * (base.length * 4 + length / 16);
}

function affix(matches: (text: string, affix: string) => boolean): HostBuiltins[string] {
  return ([texts, affixes], spend) => {
    const [search, base] = [textsOf(texts), textsOf(affixes)];
    spend(comparing(search, base));
    return search.some((text) => base.some((each) => matches(text, each)));
  };
}

/** A text, or an array or set of them: every member is proven before one is looked at. */
function textsOf(value: unknown): readonly string[] {
  if (value instanceof RegoSet || isArray(value)) return operand.members(value).map(operand.text);
  return [operand.text(value)];
}

/** Go splits at each code point where there is no delimiter, JavaScript at each UTF-16 unit. */
function splitText(text: string, delimiter: string): string[] {
  return delimiter === '' ? Array.from(text) : text.split(delimiter);
}

/** Also where one overlaps with another. */
function placesOf(text: string, part: string): number[] {
  const places: number[] = [];
  let [point, unit] = [0, 0];
  for (let at = text.indexOf(part); at !== -1; at = text.indexOf(part, at + 1)) {
    for (; unit < at; point++) unit += (text.codePointAt(unit) as number) > 0xffff ? 2 : 1;
    places.push(point);
  }
  return places;
}
