/**
 * The rendered Envoy configuration, once per setting of the path options and once per routing mode, in front of the real
 * check() and a witness. One process of Envoy with many listeners.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { STEPS } from '../../src/check.ts';
import { RENDER_DEFAULTS } from '../../src/envoy/options.ts';
import { renderEnvoy } from '../../src/envoy/render.ts';
import type { Matrix } from '../../src/matrix/hop.ts';
import type { Trail } from '../../src/provenance/trail.ts';
import type { Answer } from '../../src/response/answer.ts';
import { createAuthority, issueSvid } from '../fakes/ca.ts';
import { type CheckWorld, serveChecks, spiffe, startCheckWorld } from '../fakes/check-world.ts';
import { type Bootstrap, type Envoy, startEnvoy } from '../fakes/envoy.ts';
import { grantClaim } from '../fakes/issuer.ts';
import type { RawAgentOptions } from '../fakes/raw-agent.ts';
import { startWitness, type Witness } from '../fakes/witness.ts';
import type { TokenName } from '../fuzz/paths.ts';

/** One Check: what Behalf recorded, and the headers that it let Envoy set. */
export interface Decision {
  readonly trail: Trail;
  readonly headers: ReadonlyMap<string, string>;
}

export interface DifferentialWorld {
  /** The listeners: `normalize merge escaped routing`. */
  readonly settings: readonly string[];
  readonly tokens: Readonly<
    Record<TokenName, { readonly text: string; readonly subject?: string; readonly region?: string }>
  >;
  readonly witness: Witness;
  readonly envoy: Envoy;
  /** The Checks since the last time. */
  takeDecisions(): readonly Decision[];
  agentFor(setting: string): RawAgentOptions;
  stop(): Promise<void>;
}

const ESCAPED_SLASHES = ['KEEP_UNCHANGED', 'REJECT_REQUEST', 'UNESCAPE_AND_REDIRECT', 'UNESCAPE_AND_FORWARD'] as const;
const ROUTINGS = ['explicit', 'match'] as const;
const HOST = 'erp.acme.example';

export async function startDifferentialWorld(): Promise<DifferentialWorld> {
  const [world, witness] = await Promise.all([startCheckWorld(), startWitness()]);
  const decisions: Decision[] = [];
  const servers = await Promise.all(ROUTINGS.map((routing) => serve(world, routing, decisions)));
  const folder = mkdtempSync(join(tmpdir(), 'differential-'));
  const root = createAuthority();
  const server = issueSvid(root, { dns: [HOST, 'crm.acme.example'] });
  const client = issueSvid(root, { uris: [spiffe('procurement')] });
  const tls = { cert: join(folder, 's.pem'), key: join(folder, 's.key'), ca: join(folder, 'ca.pem') };
  writeFileSync(tls.cert, server.certificate);
  writeFileSync(tls.key, server.key);
  writeFileSync(tls.ca, root.certificate);
  const upstreams = new Map([HOST, 'crm.acme.example'].map((host) => [host, `127.0.0.1:${witness.port}`]));
  const { config } = renderEnvoy(world.snapshot.matrix, { ...RENDER_DEFAULTS, tls, upstreams });
  const { bootstrap, settings } = variants(
    config as unknown as Rendered,
    servers.map(({ address }) => portOf(address)),
  );
  const envoy = await startEnvoy(bootstrap);
  return {
    settings,
    tokens: await mintTokens(world),
    witness,
    envoy,
    takeDecisions: () => decisions.splice(0),
    agentFor: (setting) => ({ port: envoy.port(setting), servername: HOST, ca: root.certificate, client }),
    stop: async () => {
      await envoy.stop();
      await Promise.all([...servers.map((each) => each.drain()), witness.stop(), world.stop()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function serve(world: CheckWorld, routing: Matrix['routing'], decisions: Decision[]) {
  const snapshot = { ...world.snapshot, matrix: { ...world.snapshot.matrix, routing } };
  const answers = new Map<string, ReadonlyMap<string, string>>();
  const encode = (answer: Answer): Buffer => {
    const set = answer.message.ok_response?.headers ?? [];
    const headers = new Map(set.map(({ header }) => [header?.key ?? '', header?.value ?? '']));
    answers.set(headers.get('x-behalf-decision') ?? '', headers);
    return STEPS.encode(answer);
  };
  const parts = world.parts({ snapshot: () => snapshot, steps: { ...STEPS, encode } });
  return serveChecks({
    parts: () => parts,
    record: (trail) => {
      decisions.push({ trail, headers: answers.get(trail.decisionId) ?? new Map() });
      answers.delete(trail.decisionId);
    },
  });
}

interface Rendered {
  readonly static_resources: {
    readonly listeners: readonly Record<string, unknown>[];
    readonly clusters: readonly Record<string, unknown>[];
    readonly secrets: readonly object[];
  };
}

interface Managed {
  name: string;
  address: object;
  readonly filter_chains: {
    readonly filters: {
      readonly typed_config: Record<string, unknown> & {
        readonly http_filters: { readonly typed_config: Record<string, unknown> }[];
      };
    }[];
  }[];
}

/** The rendered listener under every setting of the three options, before each of the two Behalfs. */
function variants(
  config: Rendered,
  ports: readonly number[],
): { readonly bootstrap: Bootstrap; readonly settings: readonly string[] } {
  const {
    listeners: [ingress],
    clusters,
    secrets,
  } = config.static_resources;
  const behalf = clusters.find(({ name }) => name === 'behalf');
  const [settings, listeners]: [string[], object[]] = [[], []];
  for (const normalize_path of [true, false])
    for (const merge_slashes of [true, false])
      for (const path_with_escaped_slashes_action of ESCAPED_SLASHES)
        for (const routing of ROUTINGS) {
          const listener = structuredClone(ingress) as unknown as Managed;
          const manager = listener.filter_chains[0]?.filters[0]?.typed_config;
          if (manager === undefined) throw new TypeError('the rendered listener has no connection manager');
          const paths = { normalize_path, merge_slashes, path_with_escaped_slashes_action };
          // Envoy lingers for a second on a connection that it has refused; thousands of them would take hours.
          Object.assign(manager, { ...paths, delayed_close_timeout: '0.02s' });
          Object.assign(manager.http_filters[0]?.typed_config ?? {}, {
            grpc_service: { envoy_grpc: { cluster_name: routing }, timeout: '1s' },
          });
          listener.name = [
            normalize_path ? 'normalize' : 'as-is',
            merge_slashes ? 'merge' : 'keep',
            path_with_escaped_slashes_action,
            routing,
          ].join(' ');
          listener.address = loopback(0);
          settings.push(listener.name);
          listeners.push(listener);
        }
  const checks = ROUTINGS.map((name, index) => ({
    ...behalf,
    name,
    load_assignment: {
      cluster_name: name,
      endpoints: [{ lb_endpoints: [{ endpoint: { address: loopback(ports[index] ?? 0) } }] }],
    },
  }));
  return { bootstrap: { static_resources: { secrets, listeners, clusters: [...clusters, ...checks] } }, settings };
}

const grantFor = (region: string) =>
  grantClaim({
    id: `g-${region}`,
    task: `t-${region}`,
    actions: ['invoices.read'],
    target: `https://${HOST}`,
    context: { region },
  });

async function mintTokens(world: CheckWorld): Promise<DifferentialWorld['tokens']> {
  const [eu, us] = await Promise.all([
    world.token({ sub: 'alice@acme.example', authorization_details: [grantFor('eu')] }),
    world.token({ sub: 'bob@acme.example', authorization_details: [grantFor('us')] }),
  ]);
  return {
    eu: { text: `Bearer ${eu}`, subject: 'alice@acme.example', region: 'eu' },
    us: { text: `Bearer ${us}`, subject: 'bob@acme.example', region: 'us' },
    none: { text: '' },
    garbage: { text: 'Bearer e30.e30.e30' },
  };
}

function loopback(port: number): object {
  return { socket_address: { address: '127.0.0.1', port_value: port } };
}

function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(':') + 1));
}
