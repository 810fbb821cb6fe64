import { escapedRegex } from './escaped-regex.ts';

/** A HeaderMatcher: the header is there, with one of these values. */
export function oneOf(name: string, values: readonly string[]): object {
  const [only, ...others] = values;
  const matcher = others.length === 0 ? { exact: only } : { safe_regex: { regex: values.map(escapedRegex).join('|') } };
  return { name, string_match: matcher };
}
