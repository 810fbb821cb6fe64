import { at, has, type Spot } from './spot.ts';

/**
 * What an Envoy StringMatcher says of a text; undefined where it cannot be told. RE2 and JavaScript agree on the plain
 * expressions that routes are made of, and Envoy's match is of the whole text.
 */
export function stringMatches(matcher: Spot, text: string): boolean | undefined {
  const fold = at(matcher, 'ignore_case').value === true ? (one: string) => one.toLowerCase() : (one: string) => one;
  const says = (name: string, test: (pattern: string) => boolean) => {
    const pattern = at(matcher, name);
    return has(pattern) ? test(fold(String(pattern.value))) : undefined;
  };
  const regex = at(matcher, 'safe_regex', 'regex');
  return (
    says('exact', (pattern) => fold(text) === pattern) ??
    says('prefix', (pattern) => fold(text).startsWith(pattern)) ??
    says('suffix', (pattern) => fold(text).endsWith(pattern)) ??
    says('contains', (pattern) => fold(text).includes(pattern)) ??
    (has(regex) ? regexMatches(String(regex.value), text) : undefined)
  );
}

function regexMatches(pattern: string, text: string): boolean | undefined {
  try {
    return new RegExp(`^(?:${pattern})$`, 's').test(text);
  } catch {
    return undefined;
  }
}
