import { at, has, members, type Spot } from './spot.ts';

export interface RouteScope {
  readonly routes: Spot;
  readonly host: Spot;
  readonly route: Spot;
  /** What routes call the ext_authz filter by; its usual name where that is not known. */
  readonly filterName: string | undefined;
}

/** What a route tells Behalf: the nearest of route, host and all routes counts, key by key, as Envoy merges them. */
export function settingsOf({ routes, host, route, filterName = 'envoy.filters.http.ext_authz' }: RouteScope): {
  readonly hop: string | undefined;
  readonly isDisabled: boolean;
} {
  const configs = [routes, host, route].map((holder) => {
    const outer = at(at(holder, 'typed_per_filter_config'), filterName);
    return has(at(outer, 'config')) ? at(outer, 'config') : outer;
  });
  const hops = configs
    .flatMap((config) => members(at(config, 'check_settings', 'context_extensions')))
    .filter(([key]) => key === 'behalf.hop');
  return {
    hop: hops.at(-1) === undefined ? undefined : String(hops.at(-1)?.[1].value),
    isDisabled: configs.some((config) => at(config, 'disabled').value === true),
  };
}
