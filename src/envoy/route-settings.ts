import type { CheckFilter } from './lint-filters.ts';
import { at, has, items, members, type Spot } from './spot.ts';

export interface RouteScope {
  readonly routes: Spot;
  readonly host: Spot;
  readonly route: Spot;
  /** The ext_authz filter; undefined where only routes are known. */
  readonly filter: CheckFilter | undefined;
}

/** What a route tells Behalf. */
export interface RouteSettings {
  readonly hop: string | undefined;
  readonly isDisabled: boolean;
  readonly sendsBody: boolean;
}

/**
 * What a route tells Behalf, once for each cluster that it may take: the nearest of cluster, route, host and all routes
 * counts. Envoy merges `context_extensions` key by key, and takes everything else from the nearest that says anything.
 */
export function settingsOf({ routes, host, route, filter }: RouteScope): readonly RouteSettings[] {
  const weighted = items(at(route, 'route', 'weighted_clusters', 'clusters'));
  const holders = [routes, host, route];
  return weighted.length === 0
    ? [merged(holders, filter)]
    : weighted.map((cluster) => merged([...holders, cluster], filter));
}

function merged(holders: readonly Spot[], filter: CheckFilter | undefined): RouteSettings {
  const configs = holders
    .map((holder) => {
      const outer = at(holder, 'typed_per_filter_config', filter?.name ?? 'envoy.filters.http.ext_authz');
      return has(at(outer, 'config')) ? at(outer, 'config') : outer;
    })
    .filter(has);
  const hops = configs
    .flatMap((config) => members(at(config, 'check_settings', 'context_extensions')))
    .filter(([key]) => key === 'behalf.hop');
  const nearest = configs.at(-1);
  const hasOwnBody = nearest !== undefined && has(at(nearest, 'check_settings', 'with_request_body'));
  const isOff = nearest !== undefined && at(nearest, 'check_settings', 'disable_request_body_buffering').value === true;
  return {
    hop: hops.at(-1) === undefined ? undefined : String(hops.at(-1)?.[1].value),
    isDisabled: configs.some((config) => at(config, 'disabled').value === true),
    sendsBody: !isOff && (hasOwnBody || filter?.sendsBody === true),
  };
}
