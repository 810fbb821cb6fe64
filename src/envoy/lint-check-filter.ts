import { at, has, items, type Say, type Spot, seconds } from './spot.ts';

// Behalf answers within 150 ms, and Envoy needs a little to see it. Beyond a second nothing will come.
const [SHORTEST, LONGEST] = [0.16, 1];

interface FilterRules {
  readonly say: Say;
  readonly about: string;
  /** Another proxy names the client in a header: there is no certificate to include. */
  readonly xfcc?: boolean | undefined;
}

/** The ext_authz filter itself, on HTTP requests or on connections. */
export function lintCheckFilter(filter: Spot, kind: 'http' | 'network', { say, about, xfcc }: FilterRules): void {
  const no = (name: string, rule: Parameters<Say>[0]) => {
    const field = at(filter, name);
    if (has(field) && field.value !== false) say(rule, field, about);
  };
  no('failure_mode_allow', 'failure-mode-allow');
  no('filter_enabled_metadata', 'check-by-metadata');
  const certificate = at(filter, 'include_peer_certificate');
  if (certificate.value !== true && xfcc !== true) say('peer-certificate-hidden', certificate, about);
  lintService(filter, { say, about });
  if (kind === 'network') return;
  no('filter_enabled', 'check-sampled');
  no('deny_at_disable', 'check-sampled');
  no('shadow_mode', 'shadow-mode');
  no('allowed_headers', 'headers-hidden');
  no('disallowed_headers', 'headers-hidden');
  no('clear_route_cache', 'clears-route');
  no('clear_route_cache_headers', 'clears-route');
  const raw = at(filter, 'encode_raw_headers');
  if (raw.value !== true) say('raw-headers-off', raw, about);
  const validate = at(filter, 'validate_mutations');
  if (validate.value !== true) say('mutations-unchecked', validate, about);
  const status = at(filter, 'status_on_error');
  if (
    !/^(?:5\d\d|ServiceUnavailable|InternalServerError|BadGateway|GatewayTimeout)$/.test(
      String(at(status, 'code').value),
    )
  ) {
    say('status-on-error', status, about);
  }
  lintBody(at(filter, 'with_request_body'), say, about);
}

/** Where and how Behalf is asked. */
function lintService(filter: Spot, { say, about }: FilterRules): void {
  const service = at(filter, 'grpc_service');
  if (!has(service)) {
    say('check-over-http', has(at(filter, 'http_service')) ? at(filter, 'http_service') : service, about);
    return;
  }
  for (const policy of [at(service, 'retry_policy'), at(service, 'envoy_grpc', 'retry_policy')]) {
    if (has(policy)) say('check-retried', policy, about);
  }
  for (const header of items(at(service, 'initial_metadata'))) {
    if (/^x-envoy-(?:retry|max-retries|hedge)/i.test(String(at(header, 'key').value)))
      say('check-retried', header, about);
  }
  const timeout = at(service, 'timeout');
  const length = seconds(timeout);
  if (length !== undefined && !(length >= SHORTEST && length <= LONGEST)) say('check-timeout', timeout, about);
}

/** What Behalf gets of a body: all of it, as it came (threats E16, E17). */
export function lintBody(body: Spot, say: Say, about: string): void {
  if (!has(body)) return;
  const partial = at(body, 'allow_partial_message');
  if (has(partial) && partial.value !== false) say('body-partial', partial, about);
  const bytes = at(body, 'pack_as_bytes');
  if (bytes.value !== true) say('body-as-text', bytes, about);
}
