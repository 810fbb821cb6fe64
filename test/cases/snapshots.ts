import { createDpopRules } from '../../src/identity/dpop-rules.ts';
import type { Issuers } from '../../src/identity/issuers.ts';
import { readJwtBundle } from '../../src/identity/jwt-bundle.ts';
import type { PeerRules } from '../../src/identity/peer-rules.ts';
import { readTrustBundle } from '../../src/identity/trust-bundle.ts';
import type { Matrix } from '../../src/matrix/hop.ts';
import type { Policy } from '../../src/policy/policy.ts';
import type { Snapshot } from '../../src/snapshot.ts';
import type { Issuer } from '../fakes/issuer.ts';
import type { Setup } from './case-schema.ts';
import { type Certificates, PROXY } from './certificates.ts';

export const DOMAIN = 'prod.acme.example';
export const NONCE_KEY = 'the nonce key of the cases';

interface SnapshotParts {
  readonly certificates: Certificates;
  readonly issuers: Issuers;
  readonly policy: Policy;
  readonly matrices: { readonly explicit: Matrix; readonly match: Matrix };
  readonly workloads: Issuer;
}

/** What is live in each setup. */
export function snapshots({
  certificates,
  issuers,
  policy,
  matrices,
  workloads,
}: SnapshotParts): (setup: Setup) => Snapshot {
  const { explicit, match } = matrices;
  const svidKeys = workloads.jwks().keys.map((key) => ({ ...key, use: 'jwt-svid' }));
  const peer: PeerRules = {
    trustDomains: explicit.trustDomains,
    xfcc: undefined,
    bundles: new Map(),
    jwtBundles: new Map([[DOMAIN, readJwtBundle(JSON.stringify({ keys: svidKeys }))]]),
  };
  const bundles = new Map([
    [DOMAIN, readTrustBundle(certificates.own.certificate)],
    ['partner.example', readTrustBundle(certificates.partner.certificate)],
  ]);
  const plain = {
    epoch: 1,
    matrix: explicit,
    peer,
    issuers,
    policy,
    dpop: createDpopRules({}),
    denialDetail: 'class',
  } as const;
  const over: Partial<Record<Setup, Partial<Snapshot>>> = {
    'found-by-match': { matrix: match },
    'twin-rows': { matrix: withTwin(match) },
    bundles: { peer: { ...peer, bundles } },
    nonces: { dpop: createDpopRules({ nonceKey: NONCE_KEY }) },
    xfcc: { peer: { ...peer, xfcc: { trustedHops: 1, by: new Set([PROXY]) } } },
  };
  return (setup) => ({ ...plain, ...over[setup] });
}

/** Two rows for one request, which no file can hold. */
function withTwin(matrix: Matrix): Matrix {
  const row = matrix.hops.get('found.read');
  if (row === undefined) throw new TypeError('matrix.match.yaml has no row found.read');
  return { ...matrix, hops: new Map([...matrix.hops, ['found.twin', { ...row, id: 'found.twin' }]]) };
}
