import { ConfigError } from '../config/problem.ts';
import type { Hop } from '../matrix/hop.ts';
import { envoyAddress } from './address.ts';
import type { RenderOptions } from './options.ts';
import { typeUrl } from './type-url.ts';

const HTTP_OPTIONS = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';

/** Behalf, and one cluster per host and protocol that the rows lead to. */
export function clusters(hops: readonly Hop[], options: RenderOptions): readonly object[] {
  const names = hops.flatMap(({ id, protocol, match }) => {
    if (protocol === 'tcp') return [`tcp/${id}`];
    return match.hosts.map((host) => `${protocol === 'grpc' ? 'grpc' : 'http'}/${host}`);
  });
  const rows = new Map(hops.map((hop) => [hop.id, hop]));
  return [behalf(options.check), ...[...new Set(names)].sort().map((name) => upstream(name, rows, options))];
}

function behalf(check: string): object {
  return {
    ...cluster('behalf', envoyAddress(check, '--check')),
    connect_timeout: '0.1s',
    circuit_breakers: { thresholds: [{ max_requests: 4096, max_pending_requests: 1024, max_retries: 0 }] },
    // A half-open connection is found by a ping, not by requests that time out.
    ...httpOptions({ http2_protocol_options: { connection_keepalive: { interval: '10s', timeout: '2s' } } }),
  };
}

function upstream(name: string, rows: ReadonlyMap<string, Hop>, options: RenderOptions): object {
  const kind = name.slice(0, name.indexOf('/'));
  const target = name.slice(kind.length + 1);
  const stated = options.upstreams.get(target);
  const http2 = kind === 'grpc' ? httpOptions({ http2_protocol_options: {} }) : {};
  if (stated !== undefined) return { ...cluster(name, envoyAddress(stated, `--upstream ${target}`)), ...http2 };
  const host = kind === 'tcp' ? rows.get(target)?.match.sni : target;
  if (host === undefined) {
    throw new ConfigError([
      { where: `hops.${target}`, message: `say where its connections go: --upstream ${target}=ADDRESS:PORT` },
    ]);
  }
  const [, hostname = host, port = '443'] = /^(.*?)(?::(\d+))?$/.exec(host) ?? [];
  return {
    ...cluster(name, envoyAddress(`${hostname}:${port}`, `hops of ${host}`)),
    ...http2,
    transport_socket: upstreamTls(hostname, options.upstreamCa),
  };
}

function cluster(name: string, address: object): object {
  return {
    name,
    type: 'pipe' in address ? 'STATIC' : 'STRICT_DNS',
    connect_timeout: '1s',
    circuit_breakers: {
      thresholds: [{ max_connections: 1024, max_pending_requests: 1024, max_requests: 4096, max_retries: 0 }],
    },
    load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: [{ endpoint: { address } }] }] },
  };
}

function httpOptions(explicit: object): object {
  return {
    typed_extension_protocol_options: {
      [HTTP_OPTIONS]: { '@type': `type.googleapis.com/${HTTP_OPTIONS}`, explicit_http_config: explicit },
    },
  };
}

/** The upstream must be the host that the row names, by its certificate. */
function upstreamTls(host: string, ca: string): object {
  const validation = {
    trusted_ca: { filename: ca },
    match_typed_subject_alt_names: [{ san_type: 'DNS', matcher: { exact: host } }],
  };
  return {
    name: 'envoy.transport_sockets.tls',
    typed_config: {
      '@type': typeUrl('extensions.transport_sockets.tls.v3.UpstreamTlsContext'),
      sni: host,
      common_tls_context: { validation_context: validation },
    },
  };
}
