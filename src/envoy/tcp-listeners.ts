import type { Hop } from '../matrix/hop.ts';
import { accessLog } from './access-logs.ts';
import { envoyAddress } from './address.ts';
import { tcpCheckFilter } from './check-service.ts';
import { downstreamTls } from './downstream-tls.ts';
import type { RenderOptions } from './options.ts';
import { typeUrl } from './type-url.ts';

/**
 * One listener per destination that `tcp` rows name, and one for the rows that are known by their server name alone.
 * Envoy ends the mTLS, and asks once per connection; a connection that fits no filter chain is closed.
 */
export function tcpListeners(hops: readonly Hop[], options: RenderOptions): readonly object[] {
  const places = new Map<string, Hop[]>();
  for (const hop of hops) {
    const place = hop.match.destination ?? options.listenTcp;
    places.set(place, [...(places.get(place) ?? []), hop]);
  }
  return [...places].map(([place, rows]) => listener(place, rows));
}

function listener(place: string, rows: readonly Hop[]): object {
  return {
    name: `tcp ${place}`,
    address: envoyAddress(place, rows.map(({ id }) => `hops.${id}`).join(', ')),
    access_log: [accessLog('handshake')],
    listener_filters: [
      {
        name: 'envoy.filters.listener.tls_inspector',
        typed_config: { '@type': typeUrl('extensions.filters.listener.tls_inspector.v3.TlsInspector') },
      },
    ],
    filter_chains: rows.map(filterChain),
  };
}

function filterChain({ id, match, stream }: Hop): object {
  return {
    name: id,
    ...(match.sni !== undefined && { filter_chain_match: { server_names: [match.sni] } }),
    transport_socket: downstreamTls([]),
    filters: [
      tcpCheckFilter(),
      {
        name: 'envoy.filters.network.tcp_proxy',
        typed_config: {
          '@type': typeUrl('extensions.filters.network.tcp_proxy.v3.TcpProxy'),
          stat_prefix: id,
          cluster: `tcp/${id}`,
          // The check waits for the client's first bytes. Envoy would connect before that, and pass on what the upstream
          // says first to a caller who is then refused.
          upstream_connect_mode: 'ON_DOWNSTREAM_DATA',
          max_early_data_bytes: 65_536,
          access_log: [accessLog('connection')],
          ...(stream !== undefined && { max_downstream_connection_duration: `${stream.maxDuration}s` }),
        },
      },
    ],
  };
}
