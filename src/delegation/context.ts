import type { ContextSource, RoutedHop } from '../matrix/hop.ts';
import { Refusal } from '../refusals.ts';
import type { CheckInput } from '../request/check-input.ts';

/**
 * Reads the value of one context key out of the request, where the row says it is shown.
 * @returns undefined where the request does not show exactly one value, which then equals no grant's value
 * @throws Refusal `body_truncated`, `body_unparseable` where the row reads the body and it is not whole
 */
export function requestContext(source: ContextSource, input: CheckInput, { params }: RoutedHop): string | undefined {
  switch (source.from) {
    case 'path':
      return own(params, source.name);
    case 'query':
      return queryValue(source.name, input);
    case 'header':
      return own(input.headers, source.name);
    case 'body':
      return bodyValue(source.name, input);
    default:
      return source.from satisfies never;
  }
}

function own(values: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(values, name) ? values[name] : undefined;
}

/** A `;` separates parameters for some servers and not for others: where one is there, the query shows nothing. */
function queryValue(name: string, input: CheckInput): string | undefined {
  const values = Object.hasOwn(input.query, name) ? input.query[name] : undefined;
  return values?.length === 1 && !input.rawQuery.includes(';') ? values[0] : undefined;
}

/** RFC 6901 JSON pointer. A number or boolean counts as its JSON text; anything else is no value. */
function bodyValue(pointer: string, { body }: CheckInput): string | undefined {
  if (body.state === 'truncated') throw new Refusal('body_truncated', 'the row takes context from the body');
  if (body.state !== 'ok') throw new Refusal('body_unparseable', `the row takes context from the body: ${body.state}`);
  let value: unknown = body.json;
  for (const token of pointer.split('/').slice(1)) {
    const name = token.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? JSON.stringify(value) : undefined;
}
