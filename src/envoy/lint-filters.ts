import type { LintOptions } from './lint.ts';
import { lintCheckFilter } from './lint-check-filter.ts';
import { at, has, isType, items, members, type Say, type Spot } from './spot.ts';

const CHECK = 'extensions.filters.http.ext_authz.v3.ExtAuthz';
const ROUTER = 'extensions.filters.http.router.v3.Router';

/** Filters that change neither a request nor its route, so that what was decided is what is forwarded. */
const HARMLESS =
  /^type\.googleapis\.com\/envoy\.extensions\.filters\.http\.(?:router|rbac|buffer|fault|ratelimit|local_ratelimit|rate_limit_quota|compressor|decompressor|csrf|cors|bandwidth_limit|adaptive_concurrency|admission_control|grpc_stats|tap|set_metadata)\.v3\.\w+$/;

/** Filters that clear the route cache only where their configuration says so, wherever in it that is. */
const HARMLESS_UNLESS_TOLD =
  /^type\.googleapis\.com\/envoy\.extensions\.filters\.http\.(?:jwt_authn|header_to_metadata|json_to_metadata|mcp)\.v3\.\w+$/;

interface FilterRules extends LintOptions {
  readonly say: Say;
  readonly about: string;
}

/**
 * The HTTP filters: ext_authz is one of them, stands before all that could change what it decided on, and is as it
 * must be (threats E20, E21).
 * @returns the name that routes call it by; undefined where it is not there
 */
export function lintFilters(manager: Spot, rules: FilterRules): string | undefined {
  const { say, about } = rules;
  const filters = items(at(manager, 'http_filters'));
  const types = filters.map((filter) => String(at(filter, 'typed_config', '@type').value));
  const check = filters.findIndex((filter) => isType(at(filter, 'typed_config'), CHECK));
  const router = filters.findIndex((filter) => isType(at(filter, 'typed_config'), ROUTER));
  const found = filters[check];
  for (const filter of filters) {
    if (has(at(filter, 'config_discovery'))) say('ext-authz-hidden', at(filter, 'config_discovery'), about);
  }
  if (found === undefined || (router !== -1 && check > router)) {
    say('ext-authz-missing', at(manager, 'http_filters'), about);
    return undefined;
  }
  for (const flag of ['disabled', 'is_optional']) {
    if (at(found, flag).value === true) say('ext-authz-hidden', at(found, flag), about);
  }
  lintCheckFilter(at(found, 'typed_config'), 'http', rules);
  for (const [index, filter] of filters.entries()) {
    const config = at(filter, 'typed_config');
    if (index === check || has(at(filter, 'config_discovery')) || isHarmless(types[index] ?? '', config)) continue;
    say(
      index > check ? 'later-filter-reroutes' : 'earlier-filter-answers',
      filter,
      `${about}, ${String(at(filter, 'name').value)}`,
    );
  }
  return String(at(found, 'name').value);
}

function isHarmless(type: string, config: Spot): boolean {
  return HARMLESS.test(type) || (HARMLESS_UNLESS_TOLD.test(type) && !saysClear(config));
}

function saysClear(spot: Spot): boolean {
  const inside = [...items(spot), ...members(spot).map(([, member]) => member)];
  return at(spot, 'clear_route_cache').value === true || inside.some(saysClear);
}
