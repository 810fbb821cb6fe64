/** For each rule one configuration that breaks it and nothing else, and a twin that is as near to it and breaks none. */
import { describe, expect, it } from 'vitest';
import { EVERY_PROTOCOL, matrixOf, row } from '../../test/fakes/every-protocol.ts';
import { parsePathTemplate } from '../matrix/path-template.ts';
import { type Finding, type LintOptions, lintEnvoy } from './lint.ts';
import { RENDER_DEFAULTS } from './options.ts';
import { renderEnvoy } from './render.ts';
import { RULES, type RuleId } from './rules.ts';
import { at } from './spot.ts';
import { typeUrl } from './type-url.ts';

const MATRIX = matrixOf([
  row('things.read'),
  ...EVERY_PROTOCOL.filter(({ id }) => id === 'db.named' || id === 'things.pay'),
]);

type Json = Record<string, unknown>;
type Edit = (parts: Parts) => void;

/** The parts of a rendered configuration that rules are about, to be changed. */
interface Parts {
  readonly root: Json;
  readonly listener: Json & { filter_chains: Json[] };
  readonly tls: Json & { common_tls_context: Json };
  readonly manager: Json & { http_filters: Json[]; common_http_protocol_options: Json };
  readonly check: Json & { grpc_service: Json };
  readonly tcpCheck: Json;
  readonly tcpChain: Json & { filters: Json[] };
  readonly secrets: (Json & { validation_context?: Json })[];
  readonly hosts: (Json & { routes: (Json & { route: Json })[] })[];
  /** The route of `things.read`, the one of `things.pay`, and what the former says to the filter. */
  readonly route: Json & { route: Json; typed_per_filter_config: Json };
  readonly settings: Json;
  readonly bodyRoute: Json & { match: Json };
  readonly bodySettings: Json & { with_request_body: Json };
  readonly routes: Json;
  readonly router: Json;
  readonly cluster: Json;
}

function rendered(): Parts {
  const root = structuredClone(renderEnvoy(MATRIX, RENDER_DEFAULTS).config) as Json;
  const part = (from: unknown, ...keys: readonly (string | number)[]): unknown =>
    at({ value: from, keys: [] }, ...keys).value;
  const [listener, tcp] = part(root, 'static_resources', 'listeners') as [Parts['listener'], Json];
  const manager = part(listener, 'filter_chains', 0, 'filters', 0, 'typed_config') as Parts['manager'];
  const hosts = part(manager, 'route_config', 'virtual_hosts') as Parts['hosts'];
  const named = (id: string) => hosts[0]?.routes.find(({ name }) => name === id);
  const settings = ['typed_per_filter_config', 'envoy.filters.http.ext_authz', 'check_settings'];
  return {
    root,
    listener,
    tls: part(listener, 'filter_chains', 0, 'transport_socket', 'typed_config') as Parts['tls'],
    manager,
    check: part(manager, 'http_filters', 0, 'typed_config') as Parts['check'],
    tcpCheck: part(tcp, 'filter_chains', 0, 'filters', 0, 'typed_config') as Parts['tcpCheck'],
    tcpChain: part(tcp, 'filter_chains', 0) as Parts['tcpChain'],
    secrets: part(root, 'static_resources', 'secrets') as Parts['secrets'],
    hosts,
    route: named('things.read') as unknown as Parts['route'],
    settings: part(named('things.read'), ...settings) as Parts['settings'],
    bodyRoute: named('things.pay') as unknown as Parts['bodyRoute'],
    bodySettings: part(named('things.pay'), ...settings) as Parts['bodySettings'],
    routes: part(manager, 'route_config') as Json,
    router: part(manager, 'http_filters', 1, 'typed_config') as Json,
    cluster: part(root, 'static_resources', 'clusters', 1) as Json,
  };
}

function lint(edit: Edit, options: LintOptions = {}): readonly Finding[] {
  const parts = rendered();
  edit(parts);
  return lintEnvoy(parts.root, { matrix: MATRIX, ...options });
}

const PER_FILTER = 'envoy.filters.http.ext_authz';
const LUA = { name: 'lua', typed_config: { '@type': typeUrl('extensions.filters.http.lua.v3.Lua') } };
const jwt = (clear: boolean) => ({
  name: 'jwt',
  typed_config: {
    '@type': typeUrl('extensions.filters.http.jwt_authn.v3.JwtAuthentication'),
    providers: { idp: { clear_route_cache: clear } },
  },
});
/** A route on which Envoy answers itself, unasked. */
const answering = (match: Json) =>
  ({
    name: 'x',
    match,
    direct_response: { status: 200 },
    typed_per_filter_config: { [PER_FILTER]: { disabled: true } },
  }) as never;
const filter = (name: string, message: string, config: Json = {}) => ({
  name,
  typed_config: { '@type': typeUrl(`extensions.filters.http.${message}`), ...config },
});
const CODEC = filter('codec', 'upstream_codec.v3.UpstreamCodec');
const HTTP_OPTIONS = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';
const optionsWith = (http_filters: readonly Json[]) => ({ [HTTP_OPTIONS]: { http_filters } });
const adding = (key: string) => [{ header: { key, value: 'x' } }];
const named = (hop: string) => ({
  [PER_FILTER]: { check_settings: { context_extensions: { 'behalf.hop': hop } } },
});
const limiting = (key: string) =>
  filter('limit', 'local_ratelimit.v3.LocalRateLimit', { request_headers_to_add_when_not_enforced: adding(key) });
const verifying = (provider: Json) => filter('jwt', 'jwt_authn.v3.JwtAuthentication', { providers: { idp: provider } });
const PAY = {
  check_settings: { context_extensions: { 'behalf.hop': 'things.pay' }, with_request_body: { pack_as_bytes: true } },
};
/** A route that takes what is given instead of its cluster. */
const splitting = (route: Json & { route: Json }, ...clusters: readonly Json[]) => {
  delete route.route['cluster'];
  route.route['weighted_clusters'] = { clusters };
};
const before = (filters: Json[], filter: Json) => filters.splice(filters.length - 1, 0, filter);

/** rule, threat it answers, what breaks it, and the twin. */
const CASES: readonly (readonly [RuleId, string, Edit, Edit])[] = [
  ['nothing-to-check', 'no listener at all', ({ root }) => delete root['static_resources'], () => {}],
  [
    'routes-elsewhere',
    'routes over RDS',
    ({ manager }) => {
      delete manager['route_config'];
      manager['rds'] = { route_config_name: 'x' };
    },
    () => {},
  ],
  ['ext-authz-missing', 'no filter', ({ manager }) => void manager.http_filters.shift(), () => {}],
  [
    'ext-authz-missing',
    'the filter after the router',
    ({ manager }) => void manager.http_filters.push(...manager.http_filters.splice(0, 1)),
    () => {},
  ],
  ['ext-authz-missing', 'tcp without the filter', ({ tcpChain }) => void tcpChain.filters.shift(), () => {}],
  [
    'ext-authz-hidden',
    'the filter is off until a route turns it on',
    ({ manager }) => void Object.assign(manager.http_filters[0] ?? {}, { disabled: true }),
    ({ manager }) => void Object.assign(manager.http_filters[0] ?? {}, { disabled: false }),
  ],
  [
    'ext-authz-hidden',
    'a filter that comes over the wire',
    ({ manager }) => before(manager.http_filters, { name: 'x', config_discovery: {} }),
    () => {},
  ],
  [
    'failure-mode-allow',
    'open on failure',
    ({ check }) => {
      check['failure_mode_allow'] = true;
    },
    ({ check }) => delete check['failure_mode_allow'],
  ],
  [
    'failure-mode-allow',
    'the other spelling',
    ({ check }) => {
      delete check['failure_mode_allow'];
      check['failureModeAllow'] = true;
    },
    ({ check }) => {
      check['failureModeAllow'] = false;
    },
  ],
  [
    'failure-mode-allow',
    'tcp open on failure',
    ({ tcpCheck }) => {
      tcpCheck['failure_mode_allow'] = true;
    },
    () => {},
  ],
  [
    'check-sampled',
    'half the requests',
    ({ check }) => {
      check['filter_enabled'] = { default_value: { numerator: 50 } };
    },
    () => {},
  ],
  [
    'check-by-metadata',
    'a metadata gate',
    ({ check }) => {
      check['filter_enabled_metadata'] = { filter: 'x' };
    },
    () => {},
  ],
  [
    'shadow-mode',
    'denials that do not deny',
    ({ check }) => {
      check['shadow_mode'] = true;
    },
    ({ check }) => {
      check['shadow_mode'] = false;
    },
  ],
  [
    'check-over-http',
    'an HTTP service',
    ({ check }) => {
      Object.assign(check, { http_service: {}, grpc_service: undefined });
    },
    () => {},
  ],
  [
    'check-retried',
    'retries of the Check',
    ({ check }) => {
      check.grpc_service['retry_policy'] = { num_retries: 1 };
    },
    () => {},
  ],
  [
    'check-retried',
    'retries by a header',
    ({ check }) => {
      check.grpc_service['initial_metadata'] = [{ key: 'x-envoy-retry-grpc-on', value: 'internal' }];
    },
    ({ check }) => {
      check.grpc_service['initial_metadata'] = [{ key: 'x-team', value: 'a' }];
    },
  ],
  [
    'check-timeout',
    'too short',
    ({ check }) => {
      check.grpc_service['timeout'] = '0.159s';
    },
    ({ check }) => {
      check.grpc_service['timeout'] = '0.16s';
    },
  ],
  [
    'check-timeout',
    'too long',
    ({ check }) => {
      check.grpc_service['timeout'] = '1.1s';
    },
    ({ check }) => {
      check.grpc_service['timeout'] = { seconds: 1 };
    },
  ],
  [
    'check-timeout',
    'for ever',
    ({ check }) => {
      check.grpc_service['timeout'] = '0s';
    },
    ({ check }) => delete check.grpc_service['timeout'],
  ],
  ['peer-certificate-hidden', 'no certificate', ({ check }) => delete check['include_peer_certificate'], () => {}],
  [
    'status-on-error',
    'the default',
    ({ check }) => delete check['status_on_error'],
    ({ check }) => {
      check['status_on_error'] = { code: 503 };
    },
  ],
  [
    'raw-headers-off',
    'joined headers',
    ({ check }) => {
      check['encode_raw_headers'] = false;
    },
    () => {},
  ],
  ['mutations-unchecked', 'unchecked mutations', ({ check }) => delete check['validate_mutations'], () => {}],
  [
    'headers-hidden',
    'a list of headers',
    ({ check }) => {
      check['allowed_headers'] = { patterns: [{ exact: 'authorization' }] };
    },
    () => {},
  ],
  [
    'headers-hidden',
    'a list of hidden headers',
    ({ check }) => {
      check['disallowed_headers'] = { patterns: [{ exact: 'dpop' }] };
    },
    () => {},
  ],
  [
    'body-partial',
    'half a body',
    ({ bodySettings }) => {
      bodySettings.with_request_body['allow_partial_message'] = true;
    },
    ({ bodySettings }) => delete bodySettings.with_request_body['allow_partial_message'],
  ],
  [
    'body-as-text',
    'a body as text',
    ({ bodySettings }) => delete bodySettings.with_request_body['pack_as_bytes'],
    () => {},
  ],
  [
    'routes-elsewhere',
    'listeners over LDS',
    ({ root }) => {
      root['dynamic_resources'] = { lds_config: { ads: {} } };
    },
    ({ root }) => {
      root['dynamic_resources'] = { ads_config: { api_type: 'GRPC' } };
    },
  ],
  [
    'routes-elsewhere',
    'virtual hosts over VHDS',
    ({ routes }) => {
      routes['vhds'] = { config_source: { ads: {} } };
    },
    () => {},
  ],
  [
    'routes-elsewhere',
    'filter chains over FCDS',
    ({ listener }) => {
      listener['fcds_config'] = { config_source: { ads: {} } };
    },
    () => {},
  ],
  [
    'routes-elsewhere',
    'an API listener with something unknown',
    ({ listener }) => {
      listener['api_listener'] = { api_listener: { '@type': typeUrl('x.Other') } };
    },
    ({ listener, manager }) => {
      listener['api_listener'] = { api_listener: structuredClone(manager) };
    },
  ],
  [
    'ext-authz-missing',
    'an API listener without the filter',
    ({ listener, manager }) => {
      const bare = structuredClone(manager);
      bare.http_filters.shift();
      listener['api_listener'] = { api_listener: bare };
    },
    () => {},
  ],
  [
    'ext-authz-missing',
    'an API listener of a mobile client without the filter',
    ({ listener, manager }) => {
      const config = structuredClone(manager);
      config.http_filters.shift();
      const type = typeUrl('extensions.filters.network.http_connection_manager.v3.EnvoyMobileHttpConnectionManager');
      listener['api_listener'] = { api_listener: { '@type': type, config } };
    },
    () => {},
  ],
  [
    'clusters-elsewhere',
    'clusters over CDS',
    ({ root }) => {
      root['dynamic_resources'] = { cds_config: { ads: {} } };
    },
    () => {},
  ],
  [
    'upgrade-filters',
    'an upgrade with filters of its own',
    ({ manager }) => {
      manager['upgrade_configs'] = [{ upgrade_type: 'websocket', enabled: false, filters: [CODEC] }];
    },
    ({ manager }) => {
      manager['upgrade_configs'] = [{ upgrade_type: 'websocket', enabled: false, filters: [] }];
    },
  ],
  ...['cluster_header', 'cluster_specifier_plugin', 'inline_cluster_specifier_plugin', 'host_rewrite_header'].map(
    (field): readonly [RuleId, string, Edit, Edit] => [
      'upstream-by-client',
      field,
      ({ route }) => {
        route.route[field] = 'x';
      },
      ({ route }) => {
        route.route['host_rewrite_literal'] = 'x';
      },
    ],
  ),
  [
    'upstream-by-client',
    'a host made of a header',
    ({ route }) => {
      route.route['host_rewrite'] = '%REQ(x-host)%';
    },
    ({ route }) => {
      route.route['host_rewrite'] = 'erp.acme.example';
    },
  ],
  [
    'upstream-by-client',
    'one of several clusters by a header',
    ({ route }) => splitting(route, { name: 'a', weight: 1 }, { cluster_header: 'x-cluster', weight: 1 }),
    ({ route }) => splitting(route, { name: 'a', weight: 1 }, { name: 'b', weight: 1 }),
  ],
  [
    'upstream-by-client',
    'a copy for whom a header names',
    ({ route }) => {
      route.route['request_mirror_policies'] = [{ cluster_header: 'x-cluster' }];
    },
    ({ route }) => {
      route.route['request_mirror_policies'] = [{ cluster: 'shadow' }];
    },
  ],
  [
    'upstream-by-client',
    'an original destination out of a header',
    ({ cluster }) => {
      Object.assign(cluster, { type: 'ORIGINAL_DST', original_dst_lb_config: { use_http_header: true } });
    },
    ({ cluster }) => {
      Object.assign(cluster, { type: 'ORIGINAL_DST', original_dst_lb_config: { use_http_header: false } });
    },
  ],
  [
    'upstream-by-client',
    'an original destination out of metadata',
    ({ cluster }) => {
      Object.assign(cluster, { type: 'ORIGINAL_DST', original_dst_lb_config: { metadata_key: { key: 'x' } } });
    },
    ({ cluster }) => {
      cluster['type'] = 'ORIGINAL_DST';
    },
  ],
  ...['prefix_rewrite', 'regex_rewrite', 'path_rewrite_policy', 'path_rewrite', 'host_rewrite_path_regex'].map(
    (field): readonly [RuleId, string, Edit, Edit] => [
      'rewritten-later',
      field,
      ({ route }) => {
        route.route[field] = '/';
      },
      ({ route }) => {
        route.route[field] = '';
      },
    ],
  ),
  [
    'later-filter-reroutes',
    'lua on the way to the upstream',
    ({ router }) => {
      router['upstream_http_filters'] = [LUA, CODEC];
    },
    ({ router }) => {
      router['upstream_http_filters'] = [CODEC];
    },
  ],
  [
    'later-filter-reroutes',
    'lua in a cluster',
    ({ cluster }) => {
      cluster['typed_extension_protocol_options'] = optionsWith([LUA, CODEC]);
    },
    ({ cluster }) => {
      cluster['typed_extension_protocol_options'] = optionsWith([CODEC]);
    },
  ],
  ...(['routes', 'hosts', 'route'] as const).map((part): readonly [RuleId, string, Edit, Edit] => {
    const add = (key: string): Edit => {
      return (parts) => {
        const holder = part === 'hosts' ? parts.hosts[0] : parts[part];
        Object.assign(holder ?? {}, { request_headers_to_add: adding(key) });
      };
    };
    return ['names-set-late', `added by ${part}`, add('X-Behalf-Subject'), add('x-team')];
  }),
  [
    'names-set-late',
    'added by one of several clusters',
    ({ route }) => splitting(route, { name: 'a', weight: 1, requestHeadersToAdd: adding('x-behalf-agent') }),
    ({ route }) => splitting(route, { name: 'a', weight: 1, request_headers_to_remove: ['x-behalf-agent'] }),
  ],
  [
    'names-set-late',
    'a claim as a header',
    ({ manager }) =>
      before(manager.http_filters, verifying({ claim_to_headers: [{ header_name: 'x-behalf-subject' }] })),
    ({ manager }) => before(manager.http_filters, verifying({ claim_to_headers: [{ header_name: 'x-subject' }] })),
  ],
  [
    'names-set-late',
    'a payload as a header',
    ({ manager }) => before(manager.http_filters, verifying({ forward_payload_header: 'x-behalf-subject' })),
    ({ manager }) => before(manager.http_filters, verifying({ forward_payload_header: 'x-payload' })),
  ],
  [
    'names-set-late',
    'a limit that is not enforced',
    ({ manager }) => before(manager.http_filters, limiting('x-behalf-subject')),
    ({ manager }) => before(manager.http_filters, limiting('x-limited')),
  ],
  [
    'names-set-late',
    'a limit in a cluster',
    ({ cluster }) => {
      cluster['typed_extension_protocol_options'] = optionsWith([limiting('x-behalf-subject'), CODEC]);
    },
    ({ cluster }) => {
      cluster['typed_extension_protocol_options'] = optionsWith([limiting('x-limited'), CODEC]);
    },
  ],
  [
    'names-set-late',
    'an early mutation that adds what it removed',
    ({ manager }) => {
      const [early] = manager['early_header_mutation_extensions'] as [{ typed_config: { mutations: Json[] } }];
      early.typed_config.mutations.push({ append: { header: { key: 'x-behalf-subject', value: 'x' } } });
    },
    ({ manager }) => {
      const [early] = manager['early_header_mutation_extensions'] as [{ typed_config: { mutations: Json[] } }];
      early.typed_config.mutations.push({ append: { header: { key: 'x-team', value: 'x' } } });
    },
  ],
  [
    'hop-unknown',
    'one of several clusters names a row that is gone',
    ({ hosts, route }) => {
      const other = structuredClone(route);
      splitting(other, { name: 'a', weight: 1, typed_per_filter_config: named('gone') });
      hosts[1]?.routes.unshift(other);
    },
    ({ hosts, route }) => {
      const other = structuredClone(route);
      splitting(other, { name: 'a', weight: 1, typed_per_filter_config: named('things.read') });
      hosts[1]?.routes.unshift(other);
    },
  ],
  [
    'row-unrouted',
    'one of several clusters names another row',
    ({ route }) =>
      splitting(
        route,
        { name: 'a', weight: 1 },
        { name: 'b', weight: 1, typed_per_filter_config: { [PER_FILTER]: structuredClone(PAY) } },
      ),
    ({ route }) =>
      splitting(
        route,
        { name: 'a', weight: 1 },
        { name: 'b', weight: 1, typed_per_filter_config: named('things.read') },
      ),
  ],
  [
    'body-hidden',
    'a row that reads the body without it',
    ({ bodySettings }) => delete (bodySettings as Json)['with_request_body'],
    ({ bodySettings, check }) => {
      delete (bodySettings as Json)['with_request_body'];
      check['with_request_body'] = { max_request_bytes: 4096, pack_as_bytes: true };
    },
  ],
  [
    'body-hidden',
    'a route that turns the body off',
    ({ bodySettings, check }) => {
      check['with_request_body'] = { max_request_bytes: 4096, pack_as_bytes: true };
      delete (bodySettings as Json)['with_request_body'];
      bodySettings['disable_request_body_buffering'] = true;
    },
    () => {},
  ],
  [
    'body-hidden',
    'a nearer word that leaves it out',
    ({ bodyRoute }) =>
      splitting(bodyRoute as never, { name: 'a', weight: 1, typed_per_filter_config: named('things.pay') }),
    ({ bodyRoute }) => splitting(bodyRoute as never, { name: 'a', weight: 1 }),
  ],
  [
    'clears-route',
    'the route is looked up again',
    ({ check }) => {
      check['clear_route_cache'] = true;
    },
    ({ check }) => delete check['clear_route_cache'],
  ],
  [
    'later-filter-reroutes',
    'lua after the Check',
    ({ manager }) => before(manager.http_filters, LUA),
    ({ manager }) =>
      before(manager.http_filters, {
        name: 'buffer',
        typed_config: { '@type': typeUrl('extensions.filters.http.buffer.v3.Buffer') },
      }),
  ],
  [
    'later-filter-reroutes',
    'jwt_authn that reroutes',
    ({ manager }) => before(manager.http_filters, jwt(true)),
    ({ manager }) => before(manager.http_filters, jwt(false)),
  ],
  [
    'earlier-filter-answers',
    'lua before the Check',
    ({ manager }) => void manager.http_filters.unshift(LUA),
    ({ manager }) => void manager.http_filters.unshift(jwt(false)),
  ],
  ['catch-all-host-missing', 'an unknown host has no route', ({ hosts }) => void hosts.pop(), () => {}],
  [
    'catch-all-route-missing',
    'an unknown path has no route',
    ({ hosts }) => void hosts[0]?.routes.splice(-2),
    ({ hosts }) => void hosts[0]?.routes.pop(),
  ],
  [
    'catch-all-route-missing',
    'the last route has a condition',
    ({ hosts }) => void Object.assign(hosts[0]?.routes.at(-2) ?? {}, { match: { prefix: '/', runtime_fraction: {} } }),
    () => {},
  ],
  [
    'route-unchecked',
    'a route turns the filter off',
    ({ hosts }) => void hosts[1]?.routes.unshift(answering({ prefix: '/x' })),
    ({ hosts }) => void hosts[1]?.routes.unshift(answering({ path: '/x' })),
  ],
  [
    'route-own-check',
    'a route asks somebody else',
    ({ settings }) => {
      settings['grpc_service'] = { envoy_grpc: { cluster_name: 'other' } };
    },
    () => {},
  ],
  [
    'hop-missing',
    'a route without a row',
    ({ hosts }) => void hosts[1]?.routes.unshift({ name: 'x', match: { prefix: '/x' }, route: { cluster: 'x' } }),
    ({ hosts }) => void hosts[1]?.routes.unshift({ name: 'x', match: { prefix: '/x' }, direct_response: {} } as never),
  ],
  [
    'hop-unknown',
    'a route of a row that is gone',
    ({ hosts, route }) =>
      void hosts[1]?.routes.unshift({
        ...structuredClone(route),
        typed_per_filter_config: { [PER_FILTER]: { check_settings: { context_extensions: { 'behalf.hop': 'gone' } } } },
      }),
    () => {},
  ],
  [
    'row-unrouted',
    'a row without a route',
    ({ hosts, route }) => {
      hosts[0]?.routes.splice(hosts[0].routes.indexOf(route), 1);
    },
    () => {},
  ],
  [
    'row-unrouted',
    'a wider route of another row',
    ({ hosts, bodyRoute }) =>
      void hosts[0]?.routes.unshift({ ...structuredClone(bodyRoute), match: { prefix: '/v1/things/' } } as never),
    () => {},
  ],
  [
    'internal-redirect',
    'an upstream may redirect inside',
    ({ route }) => {
      route.route['internal_redirect_policy'] = { max_internal_redirects: 1 };
    },
    () => {},
  ],
  [
    'stream-endless',
    'a route without an end',
    ({ route }) => {
      route.route['timeout'] = '0s';
    },
    ({ route }) => {
      Object.assign(route.route, { timeout: '0s', max_stream_duration: { max_stream_duration: '60s' } });
    },
  ],
  [
    'stream-endless',
    'a route that upgrades',
    ({ route }) => {
      route.route['upgrade_configs'] = [{ upgrade_type: 'websocket' }];
    },
    ({ route }) => {
      route.route['upgrade_configs'] = [{ upgrade_type: 'websocket', enabled: false }];
    },
  ],
  ['no-mtls', 'clear text', ({ listener }) => delete listener.filter_chains[0]?.['transport_socket'], () => {}],
  [
    'client-ca-missing',
    'no CA',
    ({ tls }) => delete tls.common_tls_context['validation_context_sds_secret_config'],
    ({ tls }) =>
      void Object.assign(tls.common_tls_context, {
        validation_context_sds_secret_config: { name: 'spire', sds_config: {} },
      }),
  ],
  [
    'client-unverified',
    'any CA',
    ({ tls }) => {
      tls.common_tls_context['validation_context'] = { trust_chain_verification: 'ACCEPT_UNTRUSTED' };
    },
    ({ tls }) => {
      tls.common_tls_context['validation_context'] = { trust_chain_verification: 'VERIFY_TRUST_CHAIN' };
    },
  ],
  [
    'xfcc-from-client',
    'XFCC as the client wrote it',
    ({ manager }) => {
      manager['forward_client_cert_details'] = 'APPEND_FORWARD';
    },
    ({ manager }) => {
      manager['forward_client_cert_details'] = 'SANITIZE_SET';
    },
  ],
  [
    'path-not-normal',
    'paths as they come',
    ({ manager }) => {
      manager['normalize_path'] = false;
    },
    () => {},
  ],
  ['path-not-normal', 'double slashes', ({ manager }) => delete manager['merge_slashes'], () => {}],
  [
    'path-not-normal',
    'escaped slashes',
    ({ manager }) => {
      manager['path_with_escaped_slashes_action'] = 'UNESCAPE_AND_FORWARD';
    },
    () => {},
  ],
  [
    'underscore-names',
    'underscores',
    ({ manager }) => delete manager.common_http_protocol_options['headers_with_underscores_action'],
    ({ manager }) => {
      manager.common_http_protocol_options['headers_with_underscores_action'] = 'DROP_HEADER';
    },
  ],
  [
    'names-not-stripped',
    'our names pass',
    ({ manager }) => delete manager['early_header_mutation_extensions'],
    ({ manager }) => {
      manager['early_header_mutation_extensions'] = [
        {
          typed_config: {
            mutations: [
              { remove_on_match: { key_matcher: { prefix: 'x-behalf-' } } },
              { remove_on_match: { key_matcher: { prefix: 'x-envoy-', ignore_case: true } } },
            ],
          },
        },
      ];
    },
  ],
  ['client-trusted', 'the client says where it is', ({ manager }) => delete manager['use_remote_address'], () => {}],
  [
    'client-trusted',
    'everybody is internal',
    ({ manager }) => {
      manager['internal_address_config'] = {};
    },
    ({ manager }) => {
      manager['internal_address_config'] = { cidr_ranges: [{ address_prefix: '10.0.0.0', prefix_len: 8 }] };
    },
  ],
  [
    'upstream-speaks-first',
    'a tcp proxy that connects at once',
    ({ tcpChain }) => {
      const proxy = tcpChain.filters[1]?.['typed_config'] as Json;
      proxy['upstream_connect_mode'] = 'IMMEDIATE';
    },
    () => {},
  ],
  [
    'admin-exposed',
    'the admin port for all',
    ({ root }) => {
      root['admin'] = { address: { socket_address: { address: '0.0.0.0', port_value: 9901 } } };
    },
    ({ root }) => {
      root['admin'] = { address: { pipe: { path: '/run/envoy.sock' } } };
    },
  ],
];

describe('lintEnvoy', () => {
  it.each(CASES.map(([rule, what, bad, twin]) => ({ rule, threat: RULES[rule].threat, what, bad, twin })))(
    'finds $rule: $what, and nothing in its twin [$threat]',
    ({ rule, bad, twin }) => {
      expect([...new Set(lint(bad).map((finding) => finding.rule))]).toEqual([rule]);
      expect(lint(twin)).toEqual([]);
    },
  );

  it('has a case for every rule of the table [E02, E03, E04, E06, E08, E09, E10, E13, E16, E17, E19, E20, E21, E22, E23, E26, E27, E28, E32, S01, S04, S09, W07]', () => {
    expect([...new Set(CASES.map(([rule]) => rule))].sort()).toEqual(Object.keys(RULES).sort());
  });

  it('says where: the keys of what is wrong, or of where it should be', () => {
    const [finding] = lint(({ manager }) => delete manager['merge_slashes']);
    expect(finding?.keys.join('.')).toBe(
      'static_resources.listeners.0.filter_chains.0.filters.0.typed_config.merge_slashes',
    );
  });

  it('reads what Envoy says of itself in /config_dump', () => {
    const { root, listener } = rendered();
    const dump = (one: unknown) => ({
      configs: [
        { bootstrap: { admin: root['admin'] } },
        { static_listeners: [{ listener: one }] },
        { static_secrets: rendered().secrets.map((secret) => ({ secret })) },
      ],
    });
    const matrix = matrixOf([row('things.read'), ...EVERY_PROTOCOL.filter(({ id }) => id === 'things.pay')]);
    expect(lintEnvoy(dump(listener), { matrix })).toEqual([]);
    const bad = rendered();
    bad.check['failure_mode_allow'] = true;
    expect(lintEnvoy(dump(bad.listener), { matrix }).map(({ rule }) => rule)).toEqual(['failure-mode-allow']);
  });

  it('lets another proxy end the mTLS where the configuration says so [S01]', () => {
    const behind: Edit = ({ listener, manager, check }) => {
      delete listener.filter_chains[0]?.['transport_socket'];
      delete check['include_peer_certificate'];
      manager['forward_client_cert_details'] = 'ALWAYS_FORWARD_ONLY';
    };
    expect(lint(behind, { xfcc: true })).toEqual([]);
    expect(new Set(lint(behind).map(({ rule }) => rule))).toEqual(
      new Set(['no-mtls', 'xfcc-from-client', 'peer-certificate-hidden']),
    );
  });

  it('wants the body where `match` alone finds the row that reads it [E16]', () => {
    const path = parsePathTemplate('/mcp');
    const mcp = { methods: ['tools/list'], tools: [] };
    const matrix = matrixOf(
      [
        row('a', { protocol: 'mcp', match: { path, methods: ['POST'], mcp } }),
        row('b', { protocol: 'mcp', match: { path, methods: ['POST'], mcp: { ...mcp, methods: ['ping'] } } }),
      ],
      'match',
    );
    const text = JSON.stringify(renderEnvoy(matrix, RENDER_DEFAULTS, 'routes').config);
    expect(lintEnvoy(JSON.parse(text), { matrix })).toEqual([]);
    const bare = JSON.parse(text.replaceAll(/"with_request_body":\{[^}]*\}/g, '"x":1')) as unknown;
    expect(new Set(lintEnvoy(bare, { matrix }).map(({ rule }) => rule))).toEqual(new Set(['body-hidden']));
  });

  it('plays every message of an mcp row, and its other methods without one [E22]', () => {
    const mcp = { methods: ['tools/list', 'tools/call'], tools: ['search', 'fetch'] };
    const match = { path: parsePathTemplate('/mcp') };
    const matrix = matrixOf([
      row('call', { protocol: 'mcp', match: { ...match, methods: ['POST'], mcp } }),
      row('session', {
        protocol: 'mcp',
        match: { ...match, methods: ['POST', 'GET'], mcp: { methods: ['ping'], tools: [] } },
      }),
    ]);
    const { config } = renderEnvoy(matrix, RENDER_DEFAULTS, 'routes');
    const host = at({ value: config, keys: [] }, 'virtual_hosts', 0).value as { routes: Json[] };
    const all = host.routes;
    const own = all.filter(({ name }) => name === 'call' || name === 'session');
    expect(own).toHaveLength(4);
    for (const gone of own) {
      host.routes = all.filter((route) => route !== gone);
      const found = lintEnvoy(config, { matrix }).map(({ rule, about }) => `${rule} ${about.split(',')[0]}`);
      expect(found).toEqual([`row-unrouted row ${String(gone['name'])}`]);
    }
    const get = '"exact":"GET"}}';
    for (const [text, other] of [
      ['search|fetch', 'search'],
      [get, `${get},{"name":"mcp-method","present_match":true}`],
    ] as const) {
      host.routes = JSON.parse(JSON.stringify(all).replaceAll(text, other)) as Json[];
      expect(lintEnvoy(config, { matrix }).map(({ rule }) => rule)).toEqual(['row-unrouted']);
    }
  });

  it('reads the clusters of /config_dump [E20]', () => {
    const { root, cluster } = rendered();
    cluster['original_dst_lb_config'] = { use_http_header: true };
    const { listeners } = root['static_resources'] as { listeners: Json[] };
    const secrets = { static_secrets: rendered().secrets.map((secret) => ({ secret })) };
    const dump = (clusters: Json) => ({
      configs: [{ static_listeners: listeners.map((listener) => ({ listener })) }, clusters, secrets],
    });
    for (const list of ['static_clusters', 'dynamic_active_clusters']) {
      expect(lintEnvoy(dump({ [list]: [{ cluster }] })).map(({ rule }) => rule)).toEqual(['upstream-by-client']);
    }
    expect(lintEnvoy(dump({}))).toEqual([]);
  });

  it('wants no row named where `match` alone finds it', () => {
    const matrix = matrixOf([row('a', { match: { path: parsePathTemplate('/a') } })], 'match');
    const { config } = renderEnvoy(matrix, RENDER_DEFAULTS, 'routes');
    const bare = JSON.parse(JSON.stringify(config).replaceAll('"behalf.hop":"a"', '')) as unknown;
    expect(lintEnvoy(bare, { matrix })).toEqual([]);
    expect(lintEnvoy(bare).map(({ rule }) => rule)).toEqual(['hop-missing']);
  });
});
