/**
 * Real Envoy, on the config that `behalf envoy render` makes of the matrices of the cases. Beside the listeners as they are
 * rendered there are two that an operator changed: one passes the client's `x-forwarded-client-cert` on, one sends Behalf
 * only the beginning of a body.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RENDER_DEFAULTS, type RenderOptions } from '../../src/envoy/options.ts';
import { renderEnvoy } from '../../src/envoy/render.ts';
import type { Matrix } from '../../src/matrix/hop.ts';
import { issueSvid } from '../fakes/ca.ts';
import { type EchoH2, startEchoH2 } from '../fakes/echo-h2.ts';
import { type Bootstrap, type Envoy, startEnvoy } from '../fakes/envoy.ts';
import { type Greeter, startGreeter } from '../fakes/greeter.ts';
import { startWitness, type Witness } from '../fakes/witness.ts';
import type { Setup } from './case-schema.ts';
import type { CaseWorld } from './case-world.ts';
import { BODIES, PARTIAL_BYTES } from './check-message.ts';

export interface EnvoyWorld {
  readonly envoy: Envoy;
  /** The CA of what Envoy shows. */
  readonly ca: string;
  readonly http: Witness;
  readonly grpc: EchoH2;
  readonly tcp: Greeter;
  /** Where the requests of a setup go; `tcp` for connections. */
  portOf(setup: Setup, protocol: string): number;
  stop(): Promise<void>;
}

interface Listener {
  name: string;
  address: object;
}

interface Rendered {
  readonly static_resources: {
    readonly secrets: readonly object[];
    readonly listeners: readonly Listener[];
    readonly clusters: readonly { readonly name: string }[];
  };
}

const HOSTS = ['erp.cases.example', 'cache.cases.example'];

export async function startEnvoyWorld(world: CaseWorld): Promise<EnvoyWorld> {
  const [http, grpc, tcp] = await Promise.all([startWitness(), startEchoH2(), startGreeter()]);
  const folder = mkdtempSync(join(tmpdir(), 'cases-'));
  const tls = { cert: join(folder, 's.pem'), key: join(folder, 's.key'), ca: join(folder, 'clients.pem') };
  const { own, partner, stranger } = world.certificates;
  const server = issueSvid(own, { dns: HOSTS });
  writeFileSync(tls.cert, server.certificate);
  writeFileSync(tls.key, server.key);
  writeFileSync(tls.ca, [own, partner, stranger].map(({ certificate }) => certificate).join(''));
  const render = (matrix: Matrix): Rendered => {
    const options: RenderOptions = {
      ...RENDER_DEFAULTS,
      check: world.address,
      listen: '127.0.0.1:0',
      listenTcp: '127.0.0.1:0',
      tls,
      bodies: BODIES,
      upstreams: upstreamsOf(matrix, { http: http.port, grpc: grpc.port, tcp: tcp.port }),
    };
    return renderEnvoy(matrix, options).config as unknown as Rendered;
  };
  const { explicit, match } = world.matrices;
  const envoy = await startEnvoy(together(render(explicit), render(match)), folder);
  const [plainTcp] = render(explicit).static_resources.listeners.filter(({ name }) => name.startsWith('tcp '));
  return {
    envoy,
    ca: own.certificate,
    http,
    grpc,
    tcp,
    portOf: (setup, protocol) => envoy.port(protocol === 'tcp' ? (plainTcp?.name ?? '') : LISTENERS[setup]),
    stop: async () => {
      await envoy.stop();
      await Promise.all([http.stop(), grpc.stop(), tcp.stop()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const LISTENERS: Readonly<Record<Setup, string>> = {
  plain: 'ingress',
  bundles: 'ingress',
  nonces: 'ingress',
  'found-by-match': 'found',
  'twin-rows': 'found',
  xfcc: 'forwarding',
  forwarding: 'forwarding',
  partial: 'partial',
};

function upstreamsOf(matrix: Matrix, ports: { http: number; grpc: number; tcp: number }): Map<string, string> {
  return new Map(
    [...matrix.hops.values()].flatMap(({ id, protocol, match }): [string, string][] => {
      if (protocol === 'tcp') return [[id, `127.0.0.1:${ports.tcp}`]];
      const port = protocol === 'grpc' ? ports.grpc : ports.http;
      return match.hosts.map((host) => [host, `127.0.0.1:${port}`]);
    }),
  );
}

/** Both rendered configs in one Envoy, and the two changed twins of the first. */
function together(explicit: Rendered, match: Rendered): Bootstrap {
  const { secrets, listeners, clusters } = explicit.static_resources;
  const [ingress] = listeners;
  const [found] = match.static_resources.listeners;
  if (ingress === undefined || found === undefined) throw new TypeError('the rendered config has no listener');
  const twin = (name: string, replaced: string, by: string): Listener => {
    const text = JSON.stringify(ingress);
    if (!text.includes(replaced)) throw new TypeError(`the rendered listener has no ${replaced}`);
    return { ...(JSON.parse(text.replaceAll(replaced, by)) as Listener), name };
  };
  const forwarding = twin(
    'forwarding',
    '"forward_client_cert_details":"SANITIZE"',
    '"forward_client_cert_details":"ALWAYS_FORWARD_ONLY"',
  );
  const bytes = '"max_request_bytes":65536,"allow_partial_message":false';
  const partial = twin('partial', bytes, `"max_request_bytes":${PARTIAL_BYTES},"allow_partial_message":true`);
  const known = new Set(clusters.map(({ name }) => name));
  const others = match.static_resources.clusters.filter(({ name }) => !known.has(name));
  return {
    static_resources: {
      secrets,
      listeners: [...listeners, { ...found, name: 'found' }, forwarding, partial],
      clusters: [...clusters, ...others],
    },
  };
}
