import { typeUrl } from './type-url.ts';

/** Below Envoy's default nothing is gained: Behalf answers every fault within 150 ms. */
const GRPC_SERVICE = { envoy_grpc: { cluster_name: 'behalf' }, timeout: '0.2s' };

/** The HTTP filter that asks Behalf. First of all filters: nothing sees a request that has not been let in. */
export function httpCheckFilter(): object {
  return {
    name: 'envoy.filters.http.ext_authz',
    typed_config: {
      '@type': typeUrl('extensions.filters.http.ext_authz.v3.ExtAuthz'),
      transport_api_version: 'V3',
      grpc_service: GRPC_SERVICE,
      failure_mode_allow: false,
      status_on_error: { code: 'ServiceUnavailable' },
      include_peer_certificate: true,
      encode_raw_headers: true,
      validate_mutations: true,
      decoder_header_mutation_rules: { disallow_system: true, disallow_is_error: true },
      clear_route_cache: false,
      stat_prefix: 'behalf',
    },
  };
}

/** The network filter that asks Behalf once per connection. It has no context extensions: destination and SNI name the row. */
export function tcpCheckFilter(): object {
  return {
    name: 'envoy.filters.network.ext_authz',
    typed_config: {
      '@type': typeUrl('extensions.filters.network.ext_authz.v3.ExtAuthz'),
      stat_prefix: 'behalf_tcp',
      transport_api_version: 'V3',
      grpc_service: GRPC_SERVICE,
      failure_mode_allow: false,
      include_peer_certificate: true,
      include_tls_session: true,
    },
  };
}
