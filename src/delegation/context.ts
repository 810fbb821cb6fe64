import { fold } from '../fold.ts';
import type { ContextSource, RoutedHop } from '../matrix/hop.ts';
import type { CheckInput } from '../request/check-input.ts';
import { bodyValue } from './body-value.ts';

/**
 * Reads the value of one context key out of the request, where the row says it is shown. The grant is for what the
 * upstream will read: where another parser could read another value under this name, the request shows none.
 * @returns undefined where the request does not show exactly one value, which then equals no grant's value
 * @throws Refusal `body_truncated`, `body_unparseable` where the row reads the body and it is not whole and unambiguous
 */
export function requestContext(source: ContextSource, input: CheckInput, { params }: RoutedHop): string | undefined {
  switch (source.from) {
    case 'path':
      return Object.hasOwn(params, source.name) ? params[source.name] : undefined;
    case 'query':
      return queryValue(source.name, input);
    case 'header':
      return headerValue(source.name, input);
    case 'body':
      return plainText(bodyValue(source.name, input));
    default:
      return source.from satisfies never;
  }
}

/**
 * Servers differ on what is one query parameter: `;` may separate, case may not count, `name[]`, ` name` and `name%00`
 * may be `name`.
 */
function queryValue(name: string, { query, rawQuery }: CheckInput): string | undefined {
  if (rawQuery.includes(';') || !Object.hasOwn(query, name)) return undefined;
  const isAlias = (other: string) => other !== name && fold(other.replace(/[[.\0].*$/s, '').trim()) === fold(name);
  const values = query[name];
  return values?.length === 1 && !Object.keys(query).some(isAlias) ? values[0] : undefined;
}

/** CGI-like servers read `x_region` as `x-region`. */
function headerValue(name: string, { headers }: CheckInput): string | undefined {
  const isAlias = (other: string) => other !== name && other.replaceAll('_', '-') === name.replaceAll('_', '-');
  return Object.hasOwn(headers, name) && !Object.keys(headers).some(isAlias) ? headers[name] : undefined;
}

/** Text as it stands; a whole number that every parser holds exactly, or a boolean, as its JSON text. */
function plainText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  const isExact = Number.isSafeInteger(value) && !Object.is(value, -0);
  return isExact || typeof value === 'boolean' ? JSON.stringify(value) : undefined;
}
