/** Why a field is set, by its name: the comments of a rendered configuration. */
export const WHY: Readonly<Record<string, readonly string[]>> = {
  admin: ['Never beyond loopback: it can stop Envoy and print secrets (threats W07).'],
  access_log: ['Connections that died in the TLS handshake never become a Check: this line is all that tells of them.'],
  require_client_certificate: [
    'A caller without a certificate gets as far as Behalf, which refuses and records it. One of a foreign CA fails the',
    'handshake.',
  ],
  disable_stateless_session_resumption: ['Every connection proves its certificate anew.'],
  forward_client_cert_details: [
    'Client certificates travel inside the Check, never in a header that a client could write (threats S01).',
  ],
  use_remote_address: [
    'Otherwise a client could say where it comes from, and Envoy would trust its x-envoy-* headers.',
  ],
  early_header_mutation_extensions: [
    'Names that only Behalf and Envoy may set go before routing, so on every route, also on one that skips the filters;',
    'and those that make some servers act on another method or path than was authorised (threats E08–E10, E15).',
  ],
  normalize_path: ['One way to read a path, for Envoy, Behalf and the upstream (threats E11–E13).'],
  strip_any_host_port: ['Rows name hosts without a port.'],
  max_connection_duration: ['A certificate is looked at when a connection begins, so connections end.'],
  headers_with_underscores_action: ['To many servers x_behalf_subject is x-behalf-subject (threats E08).'],
  preserve_external_request_id: ['One id per request, made here.'],
  failure_mode_allow: ['A Check that fails is a denial (threats E02, E04).'],
  grpc_service: [
    'Behalf answers within 150 ms, also when something behind it hangs. No retries: a second Check would be a',
    'second use of one credential (threats E26).',
  ],
  status_on_error: ['A fault must not look like a denial.'],
  include_peer_certificate: ['Behalf reads the certificate itself (threats S04, S05).'],
  encode_raw_headers: ['A header that came twice arrives as two (threats E05, E06).'],
  validate_mutations: ['A header that could not be one is a 500, and not another request (threats E23).'],
  decoder_header_mutation_rules: ['Behalf sets plain headers; it never changes where a request goes (threats E20).'],
  clear_route_cache: ['The decision is about the route that was matched (threats E20).'],
  virtual_hosts: [
    'Per row: its own match, and its name for Behalf, which checks that both agree (threats E22). The last route of each',
    'host, and the last host, take everything else: without a matched route Envoy would not ask (threats E19).',
  ],
  with_request_body: [
    'The row reads the body: whole, as the bytes that came. A larger one is a 413 (threats E16, E17).',
  ],
  max_stream_duration: ['Envoy does not ask again while a stream lives, so it ends (threats E28).'],
  max_downstream_connection_duration: ['Envoy does not ask again while a connection lives, so it ends (threats E28).'],
  disabled: [
    'Public by RFC 9728: a client reads it to learn where tokens come from. Nothing is behind it but this text.',
  ],
};
