import type { Match } from '../matrix/hop.ts';
import type { PathTemplate } from '../matrix/path-template.ts';
import { escapedRegex } from './escaped-regex.ts';
import { oneOf } from './one-of.ts';

/**
 * A row's `match` as an Envoy RouteMatch. Envoy's own URI templates know five variables at most and not every character
 * that ours do, so a template becomes a regular expression (RE2, whole path without query): wide for `{name}`, because
 * Behalf judges the path (threats E13).
 */
export function routeMatch({ path, topic }: Match, methods: readonly string[], others: readonly object[]): object {
  if (path === undefined) throw new TypeError('a row that is HTTP on the wire has a path');
  const headers = [oneOf(':method', methods), ...others];
  const isLiteral = path.names.length === 0;
  return { ...(isLiteral ? { path: path.text } : { safe_regex: { regex: pathRegex(path, topic) } }), headers };
}

function pathRegex({ parts }: PathTemplate, topic: string | undefined): string {
  const segments = parts.map((part) => {
    if ('literal' in part) return escapedRegex(part.literal);
    if (part.name === 'topic' && topic !== undefined) return escapedRegex(topic);
    return part.tail ? '.+' : '[^/]+';
  });
  return `/${segments.join('/')}`;
}
