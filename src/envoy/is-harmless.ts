import { at, items, members, type Spot } from './spot.ts';

/** Filters that change neither a request nor its route, so that what was decided is what is forwarded. */
const HARMLESS =
  /^type\.googleapis\.com\/envoy\.extensions\.filters\.http\.(?:router|upstream_codec|rbac|buffer|fault|ratelimit|local_ratelimit|rate_limit_quota|compressor|decompressor|csrf|cors|bandwidth_limit|adaptive_concurrency|admission_control|grpc_stats|tap|set_metadata)\.v3\.\w+$/;

/** Filters that clear the route cache only where their configuration says so, wherever in it that is. */
const HARMLESS_UNLESS_TOLD =
  /^type\.googleapis\.com\/envoy\.extensions\.filters\.http\.(?:jwt_authn|header_to_metadata|json_to_metadata|mcp)\.v3\.\w+$/;

/** True for an HTTP filter that may stand on either side of the Check (threats E20). */
export function isHarmless(filter: Spot): boolean {
  const config = at(filter, 'typed_config');
  const type = String(at(config, '@type').value);
  return HARMLESS.test(type) || (HARMLESS_UNLESS_TOLD.test(type) && !saysClear(config));
}

function saysClear(spot: Spot): boolean {
  const inside = [...items(spot), ...members(spot).map(([, member]) => member)];
  return at(spot, 'clear_route_cache').value === true || inside.some(saysClear);
}
