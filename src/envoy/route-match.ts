import type { Hop } from '../matrix/hop.ts';
import type { PathTemplate } from '../matrix/path-template.ts';

/**
 * A row's `match` as an Envoy RouteMatch. Envoy's own URI templates know five variables at most and not every character
 * that ours do, so a template becomes a regular expression (RE2, whole path without query): wide for `{name}`, because
 * Behalf judges the path (threats E13).
 */
export function routeMatch({ match }: Hop, path: PathTemplate, byMcpHeaders: boolean): object {
  const headers = [oneOf(':method', match.methods)];
  if (byMcpHeaders && match.mcp !== undefined) {
    headers.push(oneOf('mcp-method', match.mcp.methods));
    if (match.mcp.tools.length > 0) headers.push(oneOf('mcp-name', match.mcp.tools));
  }
  const isLiteral = path.names.length === 0;
  return { ...(isLiteral ? { path: path.text } : { safe_regex: { regex: pathRegex(path, match.topic) } }), headers };
}

function oneOf(name: string, values: readonly string[]): object {
  const [only, ...others] = values;
  const matcher = others.length === 0 ? { exact: only } : { safe_regex: { regex: values.map(escaped).join('|') } };
  return { name, string_match: matcher };
}

function pathRegex({ parts }: PathTemplate, topic: string | undefined): string {
  const segments = parts.map((part) => {
    if ('literal' in part) return escaped(part.literal);
    if (part.name === 'topic' && topic !== undefined) return escaped(topic);
    return part.tail ? '.+' : '[^/]+';
  });
  return `/${segments.join('/')}`;
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
