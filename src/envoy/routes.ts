import { ConfigError } from '../config/problem.ts';
import type { Hop, Matrix } from '../matrix/hop.ts';
import { protectedResource } from '../response/protected-resource.ts';
import { bodyLimit } from './body-limit.ts';
import { mcpHeaders } from './mcp-headers.ts';
import type { RenderOptions } from './options.ts';
import { routeMatch } from './route-match.ts';
import { type RouteShare, routeShares } from './route-shares.ts';
import { typeUrl } from './type-url.ts';

const EXT_AUTHZ = 'envoy.filters.http.ext_authz';
const PER_ROUTE = typeUrl('extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute');
/** Envoy's own default for a route that has none. */
const ROUTE_TIMEOUT = '15s';

/** The route configuration of all rows that are HTTP on the wire. */
export function routes(matrix: Matrix, options: RenderOptions): Record<string, unknown> {
  const hops = [...matrix.hops.values()].filter(({ protocol }) => protocol !== 'tcp');
  const hosts = [...new Set(hops.flatMap(({ match }) => match.hosts))].sort();
  return {
    name: 'matrix',
    max_direct_response_body_size_bytes: 65_536,
    virtual_hosts: [...hosts.map((host) => virtualHost(host, hops, { matrix, options })), everyOtherHost()],
  };
}

interface World {
  readonly matrix: Matrix;
  readonly options: RenderOptions;
}

function virtualHost(host: string, all: readonly Hop[], world: World): object {
  const hops = all.filter(({ match }) => match.hosts.includes(host));
  return {
    name: host,
    domains: [host],
    routes: [
      ...metadataRoutes(hops, host),
      ...routeShares(hops).flatMap((share) => routesOf(share, host, world)),
      ...everythingElse(),
    ],
  };
}

/**
 * MCP rows often share one endpoint and differ in the body alone, which no route sees. With `routing: match` one route
 * serves them all. With `routing: explicit` the Mcp-Method and Mcp-Name headers choose the row; Behalf refuses a body
 * that says otherwise, and a request without them finds no row. A GET or DELETE has no message: it is one row's.
 */
function routesOf({ rows, methods }: RouteShare, host: string, { matrix, options }: World): readonly object[] {
  const draw = (group: RouteShare['rows'], calls?: readonly object[]) =>
    route({ rows: group, methods }, { host, options, calls: calls ?? [] });
  if (rows.length === 1 || matrix.routing === 'match') return [draw(rows)];
  const odd = rows.find(({ match }) => match.mcp === undefined || methods.some((method) => method !== 'POST'));
  if (odd !== undefined) {
    throw new ConfigError([
      { where: `hops.${odd.id}`, message: 'Envoy cannot tell it from another row with the same match; change one' },
    ]);
  }
  return rows.flatMap((hop) => mcpHeaders(hop.match).map((calls) => draw([hop], calls)));
}

interface Drawing {
  readonly host: string;
  readonly options: RenderOptions;
  /** What the headers of an MCP client must say, where they choose the row. */
  readonly calls: readonly object[];
}

function route({ rows: group, methods }: RouteShare, { host, options, calls }: Drawing): object {
  const [hop] = group;
  const maxBytes = Math.max(...group.map((each) => bodyLimit(each, options.bodies) ?? 0));
  const body = { max_request_bytes: maxBytes, allow_partial_message: false, pack_as_bytes: true };
  const settings = {
    // Rows that share a route are told apart by Behalf, which reads the body.
    ...(group.length === 1 && { context_extensions: { 'behalf.hop': hop.id } }),
    ...(maxBytes > 0 && { with_request_body: body }),
  };
  return {
    name: group.map(({ id }) => id).join(' '),
    match: routeMatch(hop.match, methods, calls),
    route: { cluster: `${hop.protocol === 'grpc' ? 'grpc' : 'http'}/${host}`, ...lifetime(group) },
    typed_per_filter_config: { [EXT_AUTHZ]: { '@type': PER_ROUTE, check_settings: settings } },
  };
}

/** A stream may be silent and long, and ends at `stream.maxDuration`, whatever it carries (threats E28). */
function lifetime(group: readonly Hop[]): object {
  const streams = group.flatMap(({ stream }) => (stream === undefined ? [] : [stream.maxDuration]));
  if (streams.length === 0) return { timeout: ROUTE_TIMEOUT };
  const end = `${Math.min(...streams)}s`;
  return { timeout: '0s', idle_timeout: end, max_stream_duration: { max_stream_duration: end } };
}

/** RFC 9728 §3: what a client without a token reads, on the host of the resource itself. Once per resource. */
function metadataRoutes(hops: readonly Hop[], host: string): readonly object[] {
  const resources = hops.map(protectedResource).filter((resource) => resource !== undefined);
  const here = resources.filter(({ url }) => new URL(url).host === host);
  return [...new Map(here.map((resource) => [resource.url, resource])).values()].map(({ url, document }) => {
    const path = new URL(url).pathname;
    return {
      name: `resource-metadata ${path}`,
      match: { path, headers: [{ name: ':method', string_match: { exact: 'GET' } }] },
      direct_response: { status: 200, body: { inline_string: JSON.stringify(document) } },
      response_headers_to_add: [
        { header: { key: 'content-type', value: 'application/json' }, append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' },
      ],
      typed_per_filter_config: { [EXT_AUTHZ]: { '@type': PER_ROUTE, disabled: true } },
    };
  });
}

/**
 * What no row is for: Behalf refuses and records it, and should it not, nothing is behind it but a 404. A CONNECT matches
 * no other kind of route; with one, Envoy refuses it before any filter (threats E15, E19).
 */
function everythingElse(): readonly object[] {
  const nothing = { direct_response: { status: 404 } };
  return [
    { name: 'everything-else', match: { prefix: '/' }, ...nothing },
    { name: 'every-connect', match: { connect_matcher: {} }, ...nothing },
  ];
}

function everyOtherHost(): object {
  return { name: 'everything-else', domains: ['*'], routes: everythingElse() };
}
