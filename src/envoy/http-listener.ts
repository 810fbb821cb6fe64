import type { Matrix } from '../matrix/hop.ts';
import { accessLog } from './access-logs.ts';
import { envoyAddress } from './address.ts';
import { httpCheckFilter } from './check-service.ts';
import { downstreamTls } from './downstream-tls.ts';
import type { RenderOptions } from './options.ts';
import { routes } from './routes.ts';
import { typeUrl } from './type-url.ts';

/** How long a client may take to send a request, where no row is a stream. */
const REQUEST_TIMEOUT = 30;

/** What a client may not say: removed before routing, whatever the case; a name with `_` is refused altogether. */
const NOT_THE_CLIENTS = [
  'x[-_](behalf|envoy)[-_].*',
  'x[-_](http[-_])?method([-_]override)?',
  'x[-_](original|rewrite)[-_](url|path)',
];

/** The listener for every row that is HTTP on the wire: mTLS, one way to read a request, the Check, the routes. */
export function httpListener(matrix: Matrix, options: RenderOptions): object {
  return {
    name: 'ingress',
    address: envoyAddress(options.listen, '--listen'),
    per_connection_buffer_limit_bytes: 1_048_576,
    access_log: [accessLog('handshake')],
    filter_chains: [
      {
        transport_socket: downstreamTls(['h2', 'http/1.1']),
        filters: [{ name: 'envoy.filters.network.http_connection_manager', typed_config: manager(matrix, options) }],
      },
    ],
  };
}

function manager(matrix: Matrix, options: RenderOptions): object {
  return {
    '@type': typeUrl('extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'),
    stat_prefix: 'ingress',
    codec_type: 'AUTO',
    ...trust(),
    ...onePath(matrix),
    generate_request_id: true,
    preserve_external_request_id: false,
    always_set_request_id_in_response: true,
    ...limits(matrix),
    access_log: [accessLog('request')],
    http_filters: [
      httpCheckFilter(),
      {
        name: 'envoy.filters.http.router',
        typed_config: { '@type': typeUrl('extensions.filters.http.router.v3.Router') },
      },
    ],
    route_config: routes(matrix, options),
  };
}

function trust(): object {
  return {
    forward_client_cert_details: 'SANITIZE',
    use_remote_address: true,
    early_header_mutation_extensions: [
      {
        name: 'envoy.http.early_header_mutation.header_mutation',
        typed_config: {
          '@type': typeUrl('extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation'),
          mutations: NOT_THE_CLIENTS.map((regex) => ({ remove_on_match: { key_matcher: { safe_regex: { regex } } } })),
        },
      },
    ],
  };
}

/** Rows name hosts without a port, unless one has a port of its own: then nothing is stripped, and ports must agree. */
function onePath({ hops }: Matrix): object {
  const namesPort = [...hops.values()].some(({ match }) => match.hosts.some((host) => /:\d+$/.test(host)));
  return {
    normalize_path: true,
    merge_slashes: true,
    path_with_escaped_slashes_action: 'REJECT_REQUEST',
    ...(!namesPort && { strip_any_host_port: true }),
    strip_trailing_host_dot: true,
  };
}

function limits({ hops }: Matrix): object {
  const streams = [...hops.values()].flatMap(({ stream }) => (stream === undefined ? [] : [stream.maxDuration]));
  return {
    max_request_headers_kb: 60,
    request_headers_timeout: '10s',
    request_timeout: `${Math.max(REQUEST_TIMEOUT, ...streams)}s`,
    stream_idle_timeout: '60s',
    common_http_protocol_options: {
      idle_timeout: '300s',
      max_connection_duration: '900s',
      max_headers_count: 100,
      headers_with_underscores_action: 'REJECT_REQUEST',
    },
    http2_protocol_options: {
      max_concurrent_streams: 100,
      initial_stream_window_size: 65_536,
      initial_connection_window_size: 1_048_576,
    },
  };
}
