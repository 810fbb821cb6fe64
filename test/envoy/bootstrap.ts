/** Small Envoy configurations that differ in one thing each, so that a test shows what that thing does. */
import type { Bootstrap } from '../fakes/envoy.ts';

export interface ListenerOptions {
  /** Fields of the ext_authz filter to set or change. */
  readonly authz?: Readonly<Record<string, unknown>>;
  /** Default: one route for everything. */
  readonly routes?: readonly object[];
  /** A DownstreamTlsContext; plain HTTP without one. */
  readonly tls?: object;
  /** Fields of the HTTP connection manager. */
  readonly manager?: Readonly<Record<string, unknown>>;
}

export interface BootstrapOptions {
  readonly authzPort: number;
  readonly upstreamPort: number;
  readonly listeners: Readonly<Record<string, ListenerOptions>>;
}

const API = 'type.googleapis.com/envoy';

/** One Envoy with any number of listeners on ports that the kernel picks. */
export function bootstrap({ authzPort, upstreamPort, listeners }: BootstrapOptions): Bootstrap {
  return {
    static_resources: {
      listeners: Object.entries(listeners).map(([name, options]) => listener(name, options)),
      clusters: [cluster('authz', authzPort, true), cluster('upstream', upstreamPort, false)],
    },
  };
}

function listener(name: string, { authz = {}, routes = [everything()], tls, manager = {} }: ListenerOptions): object {
  const transport = tls && {
    transport_socket: {
      name: 'envoy.transport_sockets.tls',
      typed_config: { '@type': `${API}.extensions.transport_sockets.tls.v3.DownstreamTlsContext`, ...tls },
    },
  };
  const filters = [
    {
      name: 'envoy.filters.http.ext_authz',
      typed_config: {
        '@type': `${API}.extensions.filters.http.ext_authz.v3.ExtAuthz`,
        transport_api_version: 'V3',
        grpc_service: { envoy_grpc: { cluster_name: 'authz' }, timeout: '0.2s' },
        ...authz,
      },
    },
    { name: 'router', typed_config: { '@type': `${API}.extensions.filters.http.router.v3.Router` } },
  ];
  const connectionManager = {
    '@type': `${API}.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager`,
    stat_prefix: name,
    route_config: { virtual_hosts: [{ name: 'all', domains: ['*'], routes }] },
    http_filters: filters,
    ...manager,
  };
  return {
    name,
    address: { socket_address: { address: '127.0.0.1', port_value: 0 } },
    filter_chains: [{ filters: [{ name: 'http', typed_config: connectionManager }], ...transport }],
  };
}

function everything(): object {
  return { match: { prefix: '/' }, route: { cluster: 'upstream' } };
}

function cluster(name: string, port: number, http2: boolean): object {
  const endpoint = { address: { socket_address: { address: '127.0.0.1', port_value: port } } };
  const protocol = {
    typed_extension_protocol_options: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
        '@type': `${API}.extensions.upstreams.http.v3.HttpProtocolOptions`,
        explicit_http_config: { http2_protocol_options: {} },
      },
    },
  };
  return {
    name,
    type: 'STATIC',
    load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: [{ endpoint }] }] },
    ...(http2 ? protocol : {}),
  };
}
