import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { findTool } from '../../scripts/find-tool.js';
import type { Issued } from './ca.ts';
import type { Bootstrap } from './envoy.ts';

export interface ShippedOptions {
  /** What Envoy shows to agents, and the CA whose certificates it accepts from them. */
  readonly server: Issued;
  readonly clientsCa: string;
  /** Cluster name → loopback port. */
  readonly ports: Readonly<Record<string, number>>;
}

/** A listener of a shipped config, for a test that adds a changed twin. */
export interface ShippedListener {
  name: string;
  address: object;
  readonly filter_chains: { readonly filters: { readonly name: string; readonly typed_config: Fields }[] }[];
}

type Fields = Record<string, unknown>;

/** A shipped config after it was moved. */
export interface Shipped extends Bootstrap {
  readonly static_resources: {
    secrets: object[];
    readonly listeners: ShippedListener[];
    readonly clusters: { readonly name: string; readonly load_assignment: { endpoints: object[] } }[];
  };
}

const shippedFile = (name: string): URL => new URL(`../../envoy/${name}`, import.meta.url);

/** A config of envoy/, moved to this machine: ports, addresses and certificates are replaced, and nothing else is. */
export function shippedEnvoy(name: string, { server, clientsCa, ports }: ShippedOptions): Shipped {
  const config = parse(readFileSync(shippedFile(name), 'utf8')) as Shipped;
  const { static_resources: resources } = config;
  resources.secrets = secretsOf(server, clientsCa);
  for (const listener of resources.listeners) listener.address = loopback(0);
  for (const { name: cluster, load_assignment } of resources.clusters) {
    const port = ports[cluster];
    if (port === undefined) throw new TypeError(`no port for cluster ${cluster} of envoy/${name}`);
    load_assignment.endpoints = [{ lb_endpoints: [{ endpoint: { address: loopback(port) } }] }];
  }
  return config;
}

/** What `envoy --mode validate` says of a shipped config that only its three certificate files were moved for. */
export function validateShipped(name: string, { server, clientsCa }: Omit<ShippedOptions, 'ports'>): string {
  const folder = mkdtempSync(join(tmpdir(), 'shipped-'));
  const files = { 'server.pem': server.certificate, 'server.key': server.key, 'clients.pem': clientsCa };
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
  const moved = readFileSync(shippedFile(name), 'utf8').replaceAll('filename: /etc/envoy/tls', `filename: ${folder}`);
  writeFileSync(join(folder, name), moved);
  const run = spawnSync(findTool('envoy') ?? '', ['--mode', 'validate', '-c', join(folder, name)], {
    encoding: 'utf8',
  });
  rmSync(folder, { recursive: true });
  return run.status === 0 && !run.stderr.includes('deprecated') ? run.stdout + run.stderr : `invalid: ${run.stderr}`;
}

function loopback(port: number): object {
  return { socket_address: { address: '127.0.0.1', port_value: port } };
}

/** What a shipped config's listeners read their certificates from: what Envoy shows, and whose callers it takes. */
export function secretsOf(server: Issued, clientsCa: string): object[] {
  return [
    {
      name: 'server',
      tls_certificate: {
        certificate_chain: { inline_string: server.certificate },
        private_key: { inline_string: server.key },
      },
    },
    { name: 'clients', validation_context: { trusted_ca: { inline_string: clientsCa } } },
  ];
}
