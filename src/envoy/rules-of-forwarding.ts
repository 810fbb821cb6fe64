/** What every table of rules is: severity, threat, danger, remedy. */
export type RuleTable = Record<string, readonly ['error' | 'warning', string, string, string]>;

/** The part of the table that is about the way from the Check to the upstream: it must be the one that was decided on. */
export const FORWARDING = {
  'clears-route': [
    'error',
    'E20',
    'after the decision the request may take another route',
    'clear_route_cache: false, and no clear_route_cache_headers',
  ],
  'later-filter-reroutes': [
    'error',
    'E20',
    'a filter after ext_authz can change where the request goes, or what it is',
    'put it before ext_authz, or clear_route_cache: false where the filter has that; lua, wasm and ext_proc have no safe form',
  ],
  'earlier-filter-answers': [
    'warning',
    'E20',
    'a filter before ext_authz handles requests that Behalf has not let in',
    'put ext_authz first',
  ],
  'upstream-by-client': [
    'error',
    'E20',
    'what the request says chooses the upstream, or the host that the upstream is told',
    'cluster or weighted_clusters by name, and host_rewrite_literal; no original destination out of a header',
  ],
  'rewritten-later': [
    'warning',
    'E20',
    'the upstream gets another path or host than the one that was decided on',
    'forward the path as it is; where it must change, write rows for paths that stay distinct',
  ],
  'names-set-late': [
    'error',
    'E20',
    'Envoy itself writes an x-behalf-* header, which upstreams take for the word of Behalf',
    'another name for the header',
  ],
  'internal-redirect': [
    'error',
    'E27',
    'an upstream sends the request elsewhere, and it is checked again with a used proof, or not at all',
    'remove internal_redirect_policy',
  ],
  'clusters-elsewhere': [
    'warning',
    'E20',
    'clusters come from elsewhere, so nobody has looked at where they lead',
    'lint /config_dump of the running Envoy, or write the clusters in the file',
  ],
} as const satisfies RuleTable;
