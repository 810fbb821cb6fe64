import { typeUrl } from './type-url.ts';

/** mTLS from agents: a certificate of the clients' CA, or none, which Behalf refuses. No session is ever resumed. */
export function downstreamTls(alpn: readonly string[]): object {
  return {
    name: 'envoy.transport_sockets.tls',
    typed_config: {
      '@type': typeUrl('extensions.transport_sockets.tls.v3.DownstreamTlsContext'),
      require_client_certificate: false,
      disable_stateless_session_resumption: true,
      disable_stateful_session_resumption: true,
      common_tls_context: {
        tls_params: { tls_minimum_protocol_version: 'TLSv1_2' },
        ...(alpn.length > 0 && { alpn_protocols: alpn }),
        tls_certificate_sds_secret_configs: [{ name: 'server' }],
        validation_context_sds_secret_config: { name: 'clients' },
      },
    },
  };
}
