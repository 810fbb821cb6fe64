import { at, has, items, type Spot } from './spot.ts';

/** What a configuration has to lint, whichever form it came in. */
export interface Collected {
  readonly admins: readonly Spot[];
  readonly listeners: readonly Spot[];
  /** Route configurations that Envoy was told apart from their listeners, by name. */
  readonly routes: ReadonlyMap<string, Spot>;
  /** The file is one route configuration, and no listener. */
  readonly bareRoutes: readonly Spot[];
  readonly secrets: ReadonlyMap<string, Spot>;
  readonly clusters: readonly Spot[];
  /** Where a bootstrap gets the rest from, which nobody can judge from the file. */
  readonly elsewhere: { readonly listeners: readonly Spot[]; readonly clusters: readonly Spot[] };
}

/** Reads a bootstrap, a /config_dump, or a route configuration on its own. */
export function collect(root: Spot): Collected {
  const dump = items(at(root, 'configs'));
  if (dump.length > 0) return fromDump(dump);
  const resources = at(root, 'static_resources');
  const dynamic = (...names: readonly string[]) => names.map((name) => at(root, 'dynamic_resources', name)).filter(has);
  return {
    admins: [at(root, 'admin')].filter(has),
    listeners: items(at(resources, 'listeners')),
    routes: new Map(),
    bareRoutes: has(at(root, 'virtual_hosts')) ? [root] : [],
    secrets: byName(items(at(resources, 'secrets'))),
    clusters: items(at(resources, 'clusters')),
    elsewhere: {
      listeners: dynamic('lds_config', 'lds_resources_locator'),
      clusters: dynamic('cds_config', 'cds_resources_locator'),
    },
  };
}

/** The parts of a dump repeat what the bootstrap said; what Envoy runs on counts. */
function fromDump(dump: readonly Spot[]): Collected {
  const lists = (list: string, ...path: readonly string[]) =>
    dump
      .flatMap((part) => items(at(part, list)))
      .map((one) => at(one, ...path))
      .filter(has);
  return {
    admins: dump.map((part) => at(part, 'bootstrap', 'admin')).filter(has),
    listeners: [...lists('static_listeners', 'listener'), ...lists('dynamic_listeners', 'active_state', 'listener')],
    routes: byName([...lists('dynamic_route_configs', 'route_config')]),
    bareRoutes: [],
    secrets: byName([...lists('static_secrets', 'secret'), ...lists('dynamic_active_secrets', 'secret')]),
    clusters: [...lists('static_clusters', 'cluster'), ...lists('dynamic_active_clusters', 'cluster')],
    elsewhere: { listeners: [], clusters: [] },
  };
}

function byName(spots: readonly Spot[]): ReadonlyMap<string, Spot> {
  return new Map(spots.map((spot) => [String(at(spot, 'name').value), spot]));
}
