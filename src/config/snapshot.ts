import { createDpopRules } from '../identity/dpop-rules.ts';
import { createIssuers, type Issuers } from '../identity/issuers.ts';
import type { Logger } from '../log.ts';
import { loadMatrix } from '../matrix/compile.ts';
import { loadPolicy } from '../policy/load.ts';
import { selfCheck } from '../self-check.ts';
import type { Snapshot } from '../snapshot.ts';
import { readPeerRules } from './peer.ts';
import type { Config } from './schema.ts';

export interface SnapshotOptions {
  readonly epoch: number;
  readonly log: Logger;
  /** The snapshot that this one will replace: its keys are taken over where nothing about them changed. */
  readonly previous?: Snapshot | undefined;
}

/**
 * Builds everything that a reload replaces, whole or not at all, and proves that Checks can be decided with it; starts
 * nothing.
 * @throws ConfigError for the matrix, BundleError for the policy
 */
export async function buildSnapshot(config: Config, { epoch, log, previous }: SnapshotOptions): Promise<Snapshot> {
  const matrix = loadMatrix(config.matrix, { issuers: config.issuers.map(({ issuer }) => issuer) });
  const peer = readPeerRules(config, matrix);
  const policy = await loadPolicy({ path: config.policy.bundle, entrypoint: config.policy.entrypoint });
  await selfCheck(policy, log);
  const issuers = createIssuers(config.issuers, { log, previous: previous && fetchedOnly(previous.issuers) });
  const dpop = createDpopRules(config.dpop);
  return Object.freeze({ epoch, matrix, peer, issuers, dpop, policy, denialDetail: config.denials.detail });
}

/** Keys from files are read again on each reload: that the file changed may be why there is a reload. */
function fetchedOnly(issuers: Issuers): Issuers {
  return {
    ...issuers,
    get: (name) => {
      const issuer = issuers.get(name);
      return issuer !== undefined && 'uri' in issuer.config.jwks ? issuer : undefined;
    },
  };
}

/** The files that a snapshot is built from, besides behalf.yaml itself. */
export function snapshotFiles(config: Config): readonly string[] {
  const keyFiles = config.issuers.flatMap(({ jwks }) => ('file' in jwks ? [jwks.file] : []));
  const { trustBundles, jwtBundles } = config.peer;
  const { tls } = config.listen;
  const pemFiles = tls === undefined ? [] : [tls.cert, tls.key, tls.clientCa];
  const others = [...Object.values(trustBundles), ...Object.values(jwtBundles), ...pemFiles];
  return [config.matrix, config.policy.bundle, ...keyFiles, ...others.map((file) => file.slice('file:'.length))];
}
