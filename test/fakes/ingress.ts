import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { Issued } from './ca.ts';
import type { Bootstrap } from './envoy.ts';
import { secretsOf } from './shipped-envoy.ts';

export interface IngressOptions {
  readonly behalfPort: number;
  readonly toolsPort: number;
  /** What Envoy shows to agents, and the CA whose certificates it accepts from them. */
  readonly server: Issued;
  readonly clientsCa: string;
  /** Fields of the ext_authz filter to change, on all listeners. */
  readonly authz?: Readonly<Record<string, unknown>>;
}

interface Named {
  readonly name: string;
}

interface Listener extends Named {
  address: object;
  readonly filter_chains: { readonly filters: { readonly typed_config: ConnectionManager }[] }[];
}

interface ConnectionManager {
  readonly http_filters: { readonly name: string; readonly typed_config: Record<string, unknown> }[];
  readonly [field: string]: unknown;
}

interface Cluster extends Named {
  readonly load_assignment: { endpoints: object[] };
}

interface Ingress extends Bootstrap {
  readonly static_resources: { secrets: object[]; listeners: Listener[]; readonly clusters: Cluster[] };
}

export const INGRESS_FILE = new URL('../../envoy/ingress.yaml', import.meta.url);

/** The listener of the shipped config, and its twin on which Envoy leaves paths as the client wrote them. */
export const INGRESS = 'ingress';
export const INGRESS_RAW = 'ingress_raw';

/**
 * The shipped envoy/ingress.yaml, moved to this machine: ports, addresses and certificates are replaced by the names of
 * their listener, cluster and secret, and nothing else is. One listener is added: the same without path normalisation.
 */
export function ingress({ behalfPort, toolsPort, server, clientsCa, authz = {} }: IngressOptions): Bootstrap {
  const config = parse(readFileSync(INGRESS_FILE, 'utf8')) as Ingress;
  const { static_resources: resources } = config;
  resources.secrets = secretsOf(server, clientsCa);
  const main = named(resources.listeners, INGRESS);
  main.address = loopback(0);
  for (const filter of connectionManager(main).http_filters) {
    if (filter.name === 'envoy.filters.http.ext_authz') {
      Object.assign(filter.typed_config, authz);
    }
  }
  resources.listeners.push(withoutNormalisation(main));
  named(resources.clusters, 'behalf').load_assignment.endpoints = endpoints(behalfPort);
  named(resources.clusters, 'tools').load_assignment.endpoints = endpoints(toolsPort);
  return config;
}

function withoutNormalisation(listener: Listener): Listener {
  const twin = structuredClone({ ...listener, name: INGRESS_RAW });
  Object.assign(connectionManager(twin), {
    stat_prefix: INGRESS_RAW,
    normalize_path: false,
    merge_slashes: false,
    path_with_escaped_slashes_action: 'KEEP_UNCHANGED',
  });
  return twin;
}

function connectionManager(listener: Listener): ConnectionManager {
  const config = listener.filter_chains[0]?.filters[0]?.typed_config;
  if (config === undefined) {
    throw new TypeError(`envoy/ingress.yaml: listener ${listener.name} has no HTTP connection manager`);
  }
  return config;
}

function named<T extends Named>(list: readonly T[], name: string): T {
  const found = list.find((one) => one.name === name);
  if (found === undefined) {
    throw new TypeError(`envoy/ingress.yaml has nothing named ${name}`);
  }
  return found;
}

function endpoints(port: number): object[] {
  return [{ lb_endpoints: [{ endpoint: { address: loopback(port) } }] }];
}

function loopback(port: number): object {
  return { socket_address: { address: '127.0.0.1', port_value: port } };
}
