/**
 * Everything behind the Check port that the cases need, in this process: issuers that can be down, a policy that answers
 * as it is told, a real store, the real check server. One case is set up at a time.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { CheckParts } from '../../src/check.ts';
import { createDpopNonces } from '../../src/identity/dpop-nonce.ts';
import { loadMatrix } from '../../src/matrix/compile.ts';
import type { Matrix } from '../../src/matrix/hop.ts';
import { readBundle } from '../../src/policy/bundle.ts';
import type { Policy } from '../../src/policy/policy.ts';
import { compilePolicy } from '../../src/policy/wasm.ts';
import { placeOf } from '../../src/provenance/place.ts';
import type { Trail } from '../../src/provenance/trail.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import type { Store, StoredGrant } from '../../src/store/store.ts';
import { serveChecks } from '../fakes/check-world.ts';
import { createDpopClient, type DpopClient } from '../fakes/dpop-client.ts';
import { type Issuer, startIssuer } from '../fakes/issuer.ts';
import { recordLine } from '../fakes/record-line.ts';
import type { Case, Fault } from './case-schema.ts';
import { type Certificates, createCertificates } from './certificates.ts';
import { faulty, faultySteps, withForged } from './faults.ts';
import { type Idps, startIdps } from './idps.ts';
import { DOMAIN, NONCE_KEY, snapshots } from './snapshots.ts';

/** A decision record, read back. */
export type DecisionRecord = Readonly<Record<string, unknown>> & {
  readonly decision_id: string;
  readonly authz: Readonly<Record<string, unknown>>;
};

export interface CaseWorld extends Pick<Idps, 'stranger' | 'kid' | 'issuerOf' | 'opaque'> {
  readonly certificates: Certificates;
  /** That of the case which is set up. */
  readonly matrix: Matrix;
  readonly matrices: { readonly explicit: Matrix; readonly match: Matrix };
  /** Signs JWT-SVIDs of our trust domain. */
  readonly workloads: Issuer;
  readonly keys: Readonly<Record<'own' | 'other' | 'weak', DpopClient>>;
  readonly store: Store;
  /** `127.0.0.1:PORT` of the real check server. */
  readonly address: string;
  nonce(kind: 'ours' | 'foreign' | 'old', thumbprint: string): string;
  /** From now on Checks are answered as this case wants it; its store is empty. */
  setUp(one: Pick<Case, 'setup' | 'fault'>): void;
  /** Puts a grant into the store that it would refuse. */
  forge(grant: StoredGrant): void;
  /** The clock of the store runs so many milliseconds behind. */
  setBack(milliseconds: number): void;
  parts(): CheckParts;
  recordOf(trail: Trail): DecisionRecord;
  /** The records of the Checks that the server answered since the last call, oldest first. */
  takeRecords(): DecisionRecord[];
  stop(): Promise<void>;
}

const root = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

export async function startCaseWorld(): Promise<CaseWorld> {
  const certificates = createCertificates();
  const idps = await startIdps();
  const policy = await loadCasePolicy();
  const matrices = {
    explicit: loadMatrix(root('test/cases/matrix.yaml')),
    match: loadMatrix(root('test/cases/matrix.match.yaml')),
  };
  const keys = {
    own: await createDpopClient(),
    other: await createDpopClient(),
    weak: await createDpopClient('RS256', 2048),
  };
  const workloads = await startIssuer(`spiffe://${DOMAIN}`);
  const snapshotOf = snapshots({ certificates, issuers: idps.issuers, policy, matrices, workloads });
  let live = snapshotOf('plain');
  let fault: Fault | undefined;
  let back = 0;
  let forged: StoredGrant[] = [];
  let store = newStore();
  let records: DecisionRecord[] = [];

  function newStore(): Store {
    return createMemoryStore(() => Date.now() - back);
  }
  const parts = (): CheckParts => ({
    snapshot: () => (fault === 'not-ready' ? undefined : live),
    store: faulty(withForged(store, forged), fault),
    subjectLabel: () => 'pseudonym',
    maxMessageBytes: 4 * 1024 * 1024,
    steps: faultySteps(fault),
  });
  const readRecord = (trail: Trail): DecisionRecord => {
    return JSON.parse(recordLine(trail, { place: placeOf(trail), context: undefined })) as DecisionRecord;
  };
  const server = await serveChecks({ parts, record: (trail) => records.push(readRecord(trail)) });
  return {
    certificates,
    get matrix() {
      return live.matrix;
    },
    matrices,
    stranger: idps.stranger,
    workloads,
    keys,
    kid: idps.kid,
    get store() {
      return store;
    },
    address: server.address,
    issuerOf: (name) => idps.issuerOf(name),
    opaque: (kind, claims) => idps.opaque(kind, claims),
    nonce: (kind, thumbprint) => {
      const secret = kind === 'foreign' ? 'the key of somebody else' : NONCE_KEY;
      return createDpopNonces(secret).issue(thumbprint, Date.now() - (kind === 'old' ? 3_600_000 : 0));
    },
    setUp: (one) => {
      live = snapshotOf(one.setup);
      fault = one.fault;
      [back, forged, store, records] = [0, [], newStore(), []];
    },
    forge: (grant) => void forged.push(grant),
    setBack: (milliseconds) => {
      back = milliseconds;
    },
    parts,
    recordOf: readRecord,
    takeRecords: () => records.splice(0),
    stop: async () => {
      await server.drain();
      await Promise.all([idps.stop(), workloads.stop()]);
    },
  };
}

function fail(): never {
  throw new TypeError('as the case wants it');
}

/** With one builtin that the host answers by failing; the service itself has none. */
function loadCasePolicy(): Promise<Policy> {
  const bundle = readBundle(readFileSync(root('test/fixtures/policies/cases/bundle.tar.gz')));
  return compilePolicy({ bundle, entrypoint: 'behalf/authz/decision', builtins: { 'object.subset': fail } });
}
