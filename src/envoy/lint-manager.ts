import type { Collected } from './collect.ts';
import { isStripped } from './is-stripped.ts';
import type { LintOptions } from './lint.ts';
import { lintFilters } from './lint-filters.ts';
import { lintNames } from './lint-names.ts';
import { lintRoutes } from './lint-routes.ts';
import { at, has, items, type Say, type Spot, seconds } from './spot.ts';

interface ManagerRules extends LintOptions {
  readonly say: Say;
  readonly about: string;
}

/** One HTTP connection manager: what it lets a client say, its filters, and its routes. */
export function lintManager(manager: Spot, found: Collected, rules: ManagerRules): void {
  const { say, about } = rules;
  lintTrust(manager, rules);
  for (const [name, wanted] of [
    ['normalize_path', true],
    ['merge_slashes', true],
    ['path_with_escaped_slashes_action', 'REJECT_REQUEST'],
  ] as const) {
    const field = at(manager, name);
    if (field.value !== wanted) say('path-not-normal', field, `${about}, ${name}`);
  }
  const filter = lintFilters(manager, rules);
  for (const upgrade of items(at(manager, 'upgrade_configs'))) {
    const filters = at(upgrade, 'filters');
    if (items(filters).length > 0) say('upgrade-filters', filters, about);
  }
  const limit = seconds(at(manager, 'common_http_protocol_options', 'max_stream_duration'));
  const scope = { ...rules, filter, manager, isLimited: limit !== undefined && limit > 0 };
  const inline = at(manager, 'route_config');
  const rds = at(manager, 'rds', 'route_config_name');
  const routes = has(inline) ? inline : found.routes.get(String(rds.value));
  if (routes === undefined) say('routes-elsewhere', at(manager, 'rds'), about);
  else lintRoutes(routes, scope);
}

function lintTrust(manager: Spot, { say, about, xfcc }: ManagerRules): void {
  const forward = at(manager, 'forward_client_cert_details');
  if (xfcc !== true && has(forward) && !['SANITIZE', 'SANITIZE_SET'].includes(String(forward.value))) {
    say('xfcc-from-client', forward, about);
  }
  const remote = at(manager, 'use_remote_address');
  if (remote.value !== true) say('client-trusted', remote, about);
  const internal = at(manager, 'internal_address_config');
  const ranges = at(internal, 'cidr_ranges').value;
  if (has(internal) && !(Array.isArray(ranges) && ranges.length > 0)) say('client-trusted', internal, about);
  const underscores = at(manager, 'common_http_protocol_options', 'headers_with_underscores_action');
  if (!['REJECT_REQUEST', 'DROP_HEADER'].includes(String(underscores.value)))
    say('underscore-names', underscores, about);
  const early = at(manager, 'early_header_mutation_extensions');
  if (!isStripped(early, ['x-behalf-subject', 'x-behalf-decision', 'x-envoy-original-path'])) {
    say('names-not-stripped', early, about);
  }
  lintNames(early, { say, about });
}
