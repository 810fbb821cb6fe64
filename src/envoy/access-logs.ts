import { typeUrl } from './type-url.ts';

const FROM_BEHALF = [
  'decision_id',
  'outcome',
  'reason',
  'hop',
  'agent',
  'subject',
  'grant',
  'policy_revision',
  'fallback',
];

/** One JSON line on stdout for each event of this kind, with what Behalf answered where it was asked. */
export function accessLog(kind: 'request' | 'connection' | 'handshake'): object {
  const filter = kind === 'request' ? 'http' : 'network';
  const answered = Object.fromEntries(
    FROM_BEHALF.map((name) => [name, `%DYNAMIC_METADATA(envoy.filters.${filter}.ext_authz:${name})%`]),
  );
  const format = { log: kind, time: '%START_TIME%', ...FIELDS[kind], ...(kind === 'handshake' ? {} : answered) };
  return {
    name: `${kind}s`,
    ...(kind === 'handshake' && { filter: FAILED }),
    typed_config: {
      '@type': typeUrl('extensions.access_loggers.stream.v3.StdoutAccessLog'),
      log_format: { json_format: format },
    },
  };
}

const FIELDS = {
  request: {
    request_id: '%REQ(X-REQUEST-ID)%',
    method: '%REQ(:METHOD)%',
    host: '%REQ(:AUTHORITY)%',
    // Without its query, which may hold what no log should.
    path: '%PATH(NQ)%',
    status: '%RESPONSE_CODE%',
    details: '%RESPONSE_CODE_DETAILS%',
    flags: '%RESPONSE_FLAGS%',
    duration_ms: '%DURATION%',
    peer: '%DOWNSTREAM_PEER_URI_SAN%',
  },
  connection: {
    destination: '%DOWNSTREAM_LOCAL_ADDRESS%',
    sni: '%REQUESTED_SERVER_NAME%',
    details: '%CONNECTION_TERMINATION_DETAILS%',
    flags: '%RESPONSE_FLAGS%',
    duration_ms: '%DURATION%',
    peer: '%DOWNSTREAM_PEER_URI_SAN%',
  },
  handshake: {
    source: '%DOWNSTREAM_REMOTE_ADDRESS%',
    sni: '%REQUESTED_SERVER_NAME%',
    failure: '%DOWNSTREAM_TRANSPORT_FAILURE_REASON%',
  },
} as const;

const FAILED = {
  extension_filter: {
    name: 'envoy.access_loggers.extension_filters.cel',
    typed_config: {
      '@type': typeUrl('extensions.access_loggers.filters.cel.v3.ExpressionFilter'),
      expression: "connection.transport_failure_reason != ''",
    },
  },
};
