/**
 * The bypass of threats E19, played: a request without a route is not checked, and a filter behind ext_authz then makes
 * one. `behalf envoy lint` finds that very configuration, and what `behalf envoy render` writes does not have the hole.
 */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { lintEnvoy } from '../../src/envoy/lint.ts';
import { RENDER_DEFAULTS } from '../../src/envoy/options.ts';
import { renderEnvoy } from '../../src/envoy/render.ts';
import { call } from '../fakes/agent.ts';
import { type Bootstrap, type Envoy, startEnvoy } from '../fakes/envoy.ts';
import { matrixOf, row } from '../fakes/every-protocol.ts';
import { startUpstream, type Upstream } from '../fakes/upstream.ts';
import { bootstrap } from './bootstrap.ts';
import { type StubAuthz, startStubAuthz } from './stub-authz.ts';
import { describeWithEnvoy } from './with-envoy.ts';

const API = 'type.googleapis.com/envoy.extensions.filters.http';
const HOST = 'tool.acme.example';
/** Some filter that sets a header after the Check: Envoy's lua clears the route cache whenever it does. */
const MAKES_A_ROUTE = {
  name: 'lua',
  typed_config: {
    '@type': `${API}.lua.v3.Lua`,
    default_source_code: {
      inline_string:
        "function envoy_on_request(handle) handle:headers():add('x-tenant', 'a'); handle:clearRouteCache() end",
    },
  },
};
const NEEDS_THE_HEADER = {
  match: { prefix: '/', headers: [{ name: 'x-tenant', present_match: true }] },
  route: { cluster: 'upstream' },
};

interface Chain {
  readonly http_filters: object[];
  readonly route_config: { readonly virtual_hosts: { readonly domains: string[]; readonly routes: object[] }[] };
}

describeWithEnvoy('a route that appears after the Check', () => {
  let authz: StubAuthz;
  let upstream: Upstream;
  let envoy: Envoy;
  let hole: Bootstrap;

  beforeAll(async () => {
    [authz, upstream] = await Promise.all([startStubAuthz(), startUpstream()]);
    const ports = { authzPort: authz.port, upstreamPort: upstream.port };
    hole = bootstrap({ ...ports, listeners: { hole: { routes: [NEEDS_THE_HEADER] }, mended: {} } });
    const [holed, mended] = (hole.static_resources as { listeners: object[] }).listeners.map(chainOf);
    holed?.http_filters.splice(1, 0, MAKES_A_ROUTE);
    mended?.http_filters.splice(1, 0, MAKES_A_ROUTE);
    // The rendered routes, with the row's own route and, worse than real life, the one above among them.
    const { config } = renderEnvoy(matrixOf([row('things.read')]), RENDER_DEFAULTS, 'routes');
    const routes = JSON.parse(JSON.stringify(config).replaceAll(`http/${HOST}`, 'upstream')) as Chain['route_config'];
    routes.virtual_hosts.find(({ domains }) => domains.includes(HOST))?.routes.unshift(NEEDS_THE_HEADER);
    Object.assign(mended ?? {}, { route_config: routes });
    envoy = await startEnvoy(hole);
  });
  afterAll(async () => {
    await Promise.all([envoy?.stop(), upstream?.stop()]);
    authz?.stop();
  });
  beforeEach(() => authz.answerWith({ status: { code: 7 }, denied_response: { status: { code: 403 } } }));

  it('is a way around a Check that would have denied [E19]', async () => {
    const before = upstream.count();
    expect((await call({ port: envoy.port('hole'), host: HOST, path: '/admin' })).status).toBe(200);
    expect(upstream.count()).toBe(before + 1);
    expect(authz.seen).toHaveLength(0);
  });

  it('is found by the lint: no route for everything else, and a filter that reroutes [E19, E20]', () => {
    const found = lintEnvoy(hole).map(({ rule, keys }) => [rule, keys[2]]);
    expect(found).toContainEqual(['catch-all-route-missing', 0]);
    expect(found).toContainEqual(['later-filter-reroutes', 0]);
    expect(found.filter(([rule, listener]) => rule === 'catch-all-route-missing' && listener === 1)).toEqual([]);
  });

  it('is checked, and denied, with the rendered routes [E19]', async () => {
    const before = upstream.count();
    for (const path of ['/admin', '/v1/things/7', '/']) {
      expect((await call({ port: envoy.port('mended'), host: HOST, path })).status).toBe(403);
    }
    expect((await call({ port: envoy.port('mended'), host: 'unknown.example', path: '/' })).status).toBe(403);
    expect(authz.seen).toHaveLength(4);
    expect(upstream.count()).toBe(before);
  });
});

function chainOf(listener: object): Chain {
  const { filter_chains } = listener as { filter_chains: { filters: { typed_config: Chain }[] }[] };
  const config = filter_chains[0]?.filters[0]?.typed_config;
  if (config === undefined) throw new TypeError('the listener has no connection manager');
  return config;
}
