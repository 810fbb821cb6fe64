import { at, has, items, members, type Spot } from './spot.ts';
import { stringMatches } from './string-matches.ts';

/** A request as Envoy's router sees it: canonical, without query. Header names are lower-case. */
export interface RouteRequest {
  readonly host: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** The route that Envoy would choose; undefined where there is none. A condition that cannot be told is not met. */
export function selectRoute(
  routes: Spot,
  request: RouteRequest,
): { readonly host: Spot; readonly route: Spot } | undefined {
  const host = selectHost(items(at(routes, 'virtual_hosts')), request.host);
  const route = host && items(at(host, 'routes')).find((one) => routeMatches(at(one, 'match'), request));
  return host === undefined || route === undefined ? undefined : { host, route };
}

/** Exact names first, then the longest wildcard, then `*`: Envoy's order. */
function selectHost(hosts: readonly Spot[], name: string): Spot | undefined {
  const ranked = hosts.flatMap((host) =>
    items(at(host, 'domains')).map(({ value }) => ({ host, rank: rankOf(String(value).toLowerCase(), name) })),
  );
  return ranked.filter(({ rank }) => rank > 0).sort((a, b) => b.rank - a.rank)[0]?.host;
}

function rankOf(domain: string, name: string): number {
  if (domain === name) return 100_000;
  if (domain === '*') return 1;
  if (domain.startsWith('*') && name.endsWith(domain.slice(1)) && name.length >= domain.length)
    return 10_000 + domain.length;
  return domain.endsWith('*') && name.startsWith(domain.slice(0, -1)) && name.length >= domain.length
    ? 10 + domain.length
    : 0;
}

const PATH_KINDS = ['prefix', 'path', 'safe_regex', 'path_separated_prefix', 'path_match_policy'];
const KNOWN = new Set([...PATH_KINDS, 'headers', 'grpc', 'case_sensitive']);

function routeMatches(match: Spot, request: RouteRequest): boolean {
  const isKnown = members(match).every(([name]) =>
    KNOWN.has(name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)),
  );
  const isGrpc = request.headers['content-type']?.startsWith('application/grpc') ?? false;
  return (
    isKnown &&
    pathMatches(match, request.path) &&
    (!has(at(match, 'grpc')) || isGrpc) &&
    items(at(match, 'headers')).every((header) => headerMatches(header, request))
  );
}

function pathMatches(match: Spot, path: string): boolean {
  const [prefix, exact, regex, separated, policy] = PATH_KINDS.map((name) => at(match, name));
  if (has(prefix as Spot)) return path.startsWith(String(prefix?.value));
  if (has(exact as Spot)) return path === exact?.value;
  if (has(regex as Spot)) return stringMatches(match, path) === true;
  if (has(separated as Spot)) return path === separated?.value || path.startsWith(`${String(separated?.value)}/`);
  const template = at(policy as Spot, 'typed_config', 'path_template');
  return has(template) && new RegExp(`^${templateRegex(String(template.value))}$`).test(path);
}

/** Envoy's URI templates: `*` and `{name}` are a segment, `**` and `{name=**}` the rest, `{name=a/*}` what it says. */
function templateRegex(template: string): string {
  const globs = template.replaceAll(/\{\w+=([^}]*)\}/g, '$1').replaceAll(/\{\w+\}/g, '*');
  return globs
    .split(/(\*\*|\*)/)
    .map((part) => (part === '**' ? '.*' : part === '*' ? '[^/]+' : part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')))
    .join('');
}

function headerMatches(header: Spot, request: RouteRequest): boolean {
  const name = String(at(header, 'name').value).toLowerCase();
  const value = name === ':method' ? request.method : name === ':authority' ? request.host : request.headers[name];
  const present = at(header, 'present_match');
  const matched = has(present)
    ? (value !== undefined) === (present.value === true)
    : value !== undefined && stringMatches(at(header, 'string_match'), value) === true;
  return matched !== (at(header, 'invert_match').value === true);
}
