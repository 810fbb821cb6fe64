import type { Hop, Matrix } from '../matrix/hop.ts';
import type { RouteRules } from './lint-routes.ts';
import { settingsOf } from './route-settings.ts';
import { type RouteRequest, selectRoute } from './select-route.ts';
import { at, has, type Spot } from './spot.ts';

/** Plays one request of every host and method of every row: it must take the row's own route (threats E22). */
export function lintRows(routes: Spot, matrix: Matrix, { say, filterName }: RouteRules): void {
  for (const hop of matrix.hops.values()) {
    if (hop.protocol === 'tcp') continue;
    const lost = requestsOf(hop).filter((request) => !leadsTo(hop.id, request));
    const [first] = lost;
    if (first === undefined) continue;
    const taken = selectRoute(routes, first);
    say(
      'row-unrouted',
      taken?.route ?? at(routes, 'virtual_hosts'),
      `row ${hop.id}, ${first.method} ${first.host}${first.path}`,
    );
  }

  /** A row that another one degrades to is for the same requests, and the route of that one leads to both. */
  function degradesTo(hop: string | undefined): string | undefined {
    const onFailure = hop === undefined ? undefined : matrix.hops.get(hop)?.onFailure;
    return typeof onFailure === 'object' && 'degrade' in onFailure ? onFailure.degrade.to : undefined;
  }

  function leadsTo(id: string, request: RouteRequest): boolean {
    const taken = selectRoute(routes, request);
    if (taken === undefined || !has(at(taken.route, 'route'))) return false;
    const { hop } = settingsOf({ routes, ...taken, filterName });
    return hop === id || degradesTo(hop) === id || (hop === undefined && matrix.routing === 'match');
  }
}

function requestsOf({ match, protocol }: Hop): readonly RouteRequest[] {
  const segments = (match.path?.parts ?? []).map((part) => {
    if ('literal' in part) return part.literal;
    return part.name === 'topic' && match.topic !== undefined ? match.topic : 'a';
  });
  const headers = {
    ...(protocol === 'grpc' && { 'content-type': 'application/grpc' }),
    ...(match.mcp !== undefined && {
      'mcp-method': match.mcp.tools.length > 0 ? 'tools/call' : (match.mcp.methods[0] ?? ''),
    }),
    ...(match.mcp?.tools[0] !== undefined && { 'mcp-name': match.mcp.tools[0] }),
  };
  return match.hosts.flatMap((host) =>
    match.methods.map((method) => ({ host, method, path: `/${segments.join('/')}`, headers })),
  );
}
