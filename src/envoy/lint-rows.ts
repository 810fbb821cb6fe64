import { fallbackOf } from '../matrix/fallback-of.ts';
import type { Hop, Matrix } from '../matrix/hop.ts';
import { bodyLimit } from './body-limit.ts';
import type { RouteRules } from './lint-routes.ts';
import { settingsOf } from './route-settings.ts';
import { type RouteRequest, selectRoute } from './select-route.ts';
import { at, has, type Spot } from './spot.ts';

/** Plays one request of every host and method of every row: it must take the row's own route (threats E22). */
export function lintRows(routes: Spot, matrix: Matrix, { say, filter }: RouteRules): void {
  for (const hop of matrix.hops.values()) {
    if (hop.protocol === 'tcp') continue;
    const requests = requestsOf(hop);
    const first = requests.find((request) => !leadsTo(hop.id, request));
    if (first === undefined) {
      lintBodies(hop, requests);
      continue;
    }
    const taken = selectRoute(routes, first);
    say(
      'row-unrouted',
      taken?.route ?? at(routes, 'virtual_hosts'),
      `row ${hop.id}, ${first.method} ${first.host}${first.path}`,
    );
  }

  /** A row that another one degrades to is for the same requests, and the route of that one leads to both. */
  function degradesTo(hop: string | undefined): string | undefined {
    const named = hop === undefined ? undefined : matrix.hops.get(hop);
    return named && fallbackOf(named);
  }

  function leadsTo(id: string, request: RouteRequest): boolean {
    const taken = selectRoute(routes, request);
    if (taken === undefined || !has(at(taken.route, 'route'))) return false;
    return settingsOf({ routes, ...taken, filter }).every(
      ({ hop }) => hop === id || degradesTo(hop) === id || (hop === undefined && matrix.routing === 'match'),
    );
  }

  /** A route that names no row sends the body for each row that it leads to; one that does is judged by itself. */
  function lintBodies(hop: Hop, requests: readonly RouteRequest[]): void {
    if (bodyLimit(hop, new Map()) === undefined) return;
    const taken = requests.map((request) => selectRoute(routes, request)).filter((one) => one !== undefined);
    const hidden = taken.find((one) =>
      settingsOf({ routes, ...one, filter }).some((settings) => settings.hop === undefined && !settings.sendsBody),
    );
    if (hidden !== undefined) say('body-hidden', hidden.route, `row ${hop.id}`);
  }
}

function requestsOf({ match, protocol }: Hop): readonly RouteRequest[] {
  const segments = (match.path?.parts ?? []).map((part) => {
    if ('literal' in part) return part.literal;
    return part.name === 'topic' && match.topic !== undefined ? match.topic : 'a';
  });
  const path = `/${segments.join('/')}`;
  return match.hosts.flatMap((host) =>
    match.methods.flatMap((method) =>
      headersOf({ match, protocol }, method).map((headers) => ({ host, method, path, headers })),
    ),
  );
}

/** What else a request of the row has: an MCP client says in headers what a message of POST asks for, with each its own. */
function headersOf(
  { match: { mcp }, protocol }: Pick<Hop, 'match' | 'protocol'>,
  method: string,
): readonly RouteRequest['headers'][] {
  if (protocol === 'grpc') return [{ 'content-type': 'application/grpc' }];
  if (mcp === undefined || method !== 'POST') return [{}];
  return mcp.methods.flatMap((call): readonly RouteRequest['headers'][] =>
    call === 'tools/call' && mcp.tools.length > 0
      ? mcp.tools.map((tool) => ({ 'mcp-method': call, 'mcp-name': tool }))
      : [{ 'mcp-method': call }],
  );
}
