import { FORWARDING, type RuleTable } from './rules-of-forwarding.ts';

/**
 * What `behalf envoy lint` finds, in one closed table: the threat, what can happen, and what to write instead. An error
 * is a way around the Check or a false picture of the request; a warning takes away a second line of defence.
 */
const TABLE = {
  'nothing-to-check': [
    'error',
    'E19',
    'no listener, and no route configuration, is in the file',
    'give the whole bootstrap, or what /config_dump of the admin interface says',
  ],
  'routes-elsewhere': [
    'error',
    'E19',
    'listeners, filter chains or routes come from elsewhere, so nobody has looked at them',
    'lint /config_dump of the running Envoy, or write listeners and route_config in the file; no vhds, no fcds_config',
  ],
  'ext-authz-missing': [
    'error',
    'E21',
    'requests reach an upstream without a Check',
    'put envoy.filters.http.ext_authz (tcp: envoy.filters.network.ext_authz) before the last filter',
  ],
  'ext-authz-hidden': [
    'error',
    'E21',
    'the filter is not where it can be judged: disabled, optional, discovered, or inside a matcher',
    'write the ext_authz filter itself into the chain, without disabled, is_optional or config_discovery',
  ],
  'upgrade-filters': [
    'error',
    'E21',
    'an upgraded request takes these filters instead of http_filters, and so passes the Check by',
    'remove filters from upgrade_configs: then the upgrade takes http_filters',
  ],
  'failure-mode-allow': [
    'error',
    'E04',
    'a Check that fails or times out lets the request pass',
    'failure_mode_allow: false',
  ],
  'check-sampled': [
    'error',
    'E21',
    'only a part of the requests is checked, or one that a runtime key decides',
    'remove filter_enabled and deny_at_disable',
  ],
  'check-by-metadata': [
    'error',
    'E21',
    'requests without the metadata are not checked',
    'remove filter_enabled_metadata',
  ],
  'shadow-mode': [
    'error',
    'E21',
    'denials are counted and not enforced',
    'remove shadow_mode; a row that is only observed yet says so in the matrix (rollout)',
  ],
  'check-over-http': [
    'error',
    'E32',
    'Behalf answers gRPC alone, so every Check fails',
    'grpc_service with envoy_grpc',
  ],
  'check-retried': [
    'error',
    'E26',
    'one request makes two Checks: a proof is used twice, a budget is charged twice',
    'remove retry_policy and x-envoy-retry-on from grpc_service',
  ],
  'check-timeout': [
    'error',
    'E03',
    'under 160 ms Behalf has no time to deny with a reason; over 1 s callers wait for what will not come',
    'timeout: 0.2s',
  ],
  'peer-certificate-hidden': [
    'error',
    'S04',
    'Behalf sees a name that Envoy chose, and not the certificate',
    'include_peer_certificate: true',
  ],
  'status-on-error': [
    'error',
    'E02',
    'a fault looks like a denial (403 is the default)',
    'status_on_error: { code: ServiceUnavailable }',
  ],
  'raw-headers-off': ['warning', 'E06', 'a header that came twice arrives as one', 'encode_raw_headers: true'],
  'mutations-unchecked': ['warning', 'E23', 'nothing stops a header that is none', 'validate_mutations: true'],
  'headers-hidden': [
    'error',
    'E06',
    'Behalf cannot see the headers it decides on, such as a second credential or a forged name',
    'remove allowed_headers and disallowed_headers',
  ],
  'body-partial': ['error', 'E16', 'the decision is about a part of the body', 'allow_partial_message: false'],
  'body-as-text': ['error', 'E17', 'bytes that are no UTF-8 are replaced or break the message', 'pack_as_bytes: true'],
  'body-hidden': [
    'error',
    'E16',
    'the row reads the body and Behalf is not sent it, so every request is refused',
    'with_request_body in the check_settings of the route; or run: behalf envoy render',
  ],
  ...FORWARDING,
  'catch-all-host-missing': [
    'error',
    'E19',
    'for an unknown host there is no route, and without a route Envoy does not ask',
    'a last virtual host with domains: ["*"]',
  ],
  'catch-all-route-missing': [
    'error',
    'E19',
    'for an unknown path there is no route, and without a route Envoy does not ask: what a later filter routes is never checked',
    'a last route with match: { prefix: "/" } and nothing else in it',
  ],
  'route-unchecked': [
    'error',
    'E21',
    'the route is not checked',
    'remove disabled; only a direct_response for one exact path may have it',
  ],
  'route-own-check': [
    'error',
    'E21',
    'the route asks another service',
    'remove grpc_service and http_service from check_settings',
  ],
  'hop-missing': [
    'error',
    'E22',
    'the route forwards and names no row: Behalf refuses all of it (hop_unknown)',
    'check_settings: { context_extensions: { behalf.hop: ROW } }',
  ],
  'hop-unknown': [
    'error',
    'E22',
    'the route names a row that the matrix does not have',
    'name a row of the matrix, or run: behalf envoy render',
  ],
  'row-unrouted': [
    'error',
    'E22',
    'no route leads to the row, or another route takes its requests',
    'a route with the host, method and path of the row and its name, before wider ones; or run: behalf envoy render',
  ],
  'stream-endless': [
    'error',
    'E28',
    'an upgraded or endless stream outlives token and grant, and Envoy never asks again',
    'max_stream_duration on the route',
  ],
  'no-mtls': ['error', 'S09', 'nobody proves who calls', 'a DownstreamTlsContext with trusted_ca'],
  'client-ca-missing': [
    'error',
    'S09',
    'client certificates are taken unverified, or not asked for',
    'validation_context: { trusted_ca: … }',
  ],
  'client-unverified': [
    'error',
    'S09',
    'a certificate of any CA is taken for a caller',
    'remove trust_chain_verification: ACCEPT_UNTRUSTED and allow_expired_certificate',
  ],
  'xfcc-from-client': [
    'error',
    'S01',
    'a client can write x-forwarded-client-cert itself',
    'forward_client_cert_details: SANITIZE; where behalf.yaml says peer.from: xfcc, lint with --xfcc',
  ],
  'path-not-normal': [
    'error',
    'E13',
    'Envoy, Behalf and the upstream can read a path differently',
    'normalize_path: true, merge_slashes: true, path_with_escaped_slashes_action: REJECT_REQUEST',
  ],
  'underscore-names': [
    'error',
    'E08',
    'x_behalf_subject passes, and many servers read it as x-behalf-subject',
    'common_http_protocol_options: { headers_with_underscores_action: REJECT_REQUEST }',
  ],
  'names-not-stripped': [
    'error',
    'E09',
    'a client can send x-behalf-* or x-envoy-* names, which reach upstreams on routes without a Check',
    'early_header_mutation_extensions that remove x-behalf-* and x-envoy-*, as behalf envoy render writes them',
  ],
  'client-trusted': [
    'error',
    'E10',
    'Envoy takes callers for internal and believes their x-forwarded-* and x-envoy-* headers',
    'use_remote_address: true, xff_num_trusted_hops only behind a proxy of yours, and no empty internal_address_config',
  ],
  'upstream-speaks-first': [
    'error',
    'E32',
    'Envoy connects before the Check, and passes on what the upstream says first to callers who are then refused',
    'tcp_proxy: upstream_connect_mode: ON_DOWNSTREAM_DATA and max_early_data_bytes: 65536',
  ],
  'admin-exposed': [
    'error',
    'W07',
    'whoever reaches the admin port can stop Envoy and read secrets',
    'address 127.0.0.1, or a pipe',
  ],
} as const satisfies RuleTable;

export type RuleId = keyof typeof TABLE;

/** One rule of the table. */
export interface Rule {
  readonly severity: 'error' | 'warning';
  readonly threat: string;
  readonly danger: string;
  readonly instead: string;
}

/** The table, in the order in which the rules are looked at. */
export const RULES: Readonly<Record<RuleId, Rule>> = Object.freeze(
  Object.fromEntries(
    Object.entries(TABLE).map(([id, [severity, threat, danger, instead]]) => [
      id,
      Object.freeze({ severity, threat, danger, instead }),
    ]),
  ) as Record<RuleId, Rule>,
);
