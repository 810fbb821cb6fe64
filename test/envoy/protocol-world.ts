/** The real check() behind a real port, for rows that a test writes: what the tests of one protocol each share. */
import { fileURLToPath } from 'node:url';
import type { Hop } from '../../src/matrix/hop.ts';
import { loadPolicy } from '../../src/policy/load.ts';
import type { Trail } from '../../src/provenance/trail.ts';
import type { RefusalCode } from '../../src/refusals.ts';
import type { CheckServer } from '../../src/server/listen.ts';
import type { Snapshot } from '../../src/snapshot.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import { createAuthority, type Issued, issueSvid } from '../fakes/ca.ts';
import { type AgentName, type CheckWorld, serveChecks, spiffe, startCheckWorld } from '../fakes/check-world.ts';

const POLICY = fileURLToPath(new URL('../fixtures/policies/protocols/bundle.tar.gz', import.meta.url));

export interface ProtocolWorld {
  readonly world: CheckWorld;
  readonly port: number;
  readonly snapshot: Snapshot;
  /** What Envoy shows, what it trusts, and what the agents show. */
  readonly server: Issued;
  readonly clientsCa: string;
  readonly svid: (agent: AgentName | 'stranger') => Issued;
  /** Every Check since the last call, oldest first: its refusal, or `allowed`, and the row. */
  checks(): { readonly reason: RefusalCode | 'allowed'; readonly hop: string | undefined }[];
  /** Checks are answered with this snapshot; undefined: as before the first configuration is live. */
  use(snapshot: Snapshot | undefined): void;
  stop(): Promise<void>;
}

/** Makes a row of `over`, and for the rest as the demo's first row: for a delegated token of the procurement agent. */
export type MakeRow = (id: string, over: Partial<Hop>) => Hop;

/** @param rows makes the matrix of the test, all of whose ids begin with `test.` */
export async function startProtocolWorld(
  rows: (make: MakeRow) => readonly Hop[],
  options: { readonly hosts: readonly string[]; readonly maxInFlight?: number },
): Promise<ProtocolWorld> {
  const world = await startCheckWorld();
  const store = createMemoryStore(Date.now);
  const policy = await loadPolicy({ path: POLICY, entrypoint: 'behalf/authz/decision' });
  const hops = rows((id, over) => row(world, id, over));
  const matrix = { ...world.snapshot.matrix, hops: new Map(hops.map((hop) => [hop.id, hop])) };
  const snapshot: Snapshot = { ...world.snapshot, matrix, policy };
  let live: Snapshot | undefined = snapshot;
  let trails: Trail[] = [];
  const server: CheckServer = await serveChecks({
    parts: () => world.parts({ snapshot: () => live, store }),
    record: (trail) => trails.push(trail),
    ...(options.maxInFlight === undefined ? {} : { maxInFlight: options.maxInFlight }),
  });
  const authority = createAuthority();
  return {
    world,
    snapshot,
    port: Number(server.address.split(':').at(-1)),
    server: issueSvid(authority, { dns: options.hosts }),
    clientsCa: authority.certificate,
    svid: (agent) => issueSvid(authority, { uris: [agent === 'stranger' ? `${spiffe('support')}-2` : spiffe(agent)] }),
    checks: () => {
      const seen = trails.map(({ refusal, routed }) => ({ reason: refusal?.code ?? 'allowed', hop: routed?.hop.id }));
      trails = [];
      return seen as ReturnType<ProtocolWorld['checks']>;
    },
    use: (next) => {
      live = next;
    },
    stop: async () => {
      await server.drain();
      await Promise.all([store.close(), world.stop()]);
    },
  };
}

function row({ snapshot }: CheckWorld, id: string, over: Partial<Hop>): Hop {
  const base = snapshot.matrix.hops.get('erp.invoices.read');
  if (base === undefined) throw new TypeError('demo/matrix.yaml has no row erp.invoices.read');
  return {
    ...base,
    id,
    delegation: { ...base.delegation, context: {} },
    ...over,
  };
}
