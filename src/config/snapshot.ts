import { statSync } from 'node:fs';
import { createDpopRules } from '../identity/dpop-rules.ts';
import { createIssuers, type Issuers } from '../identity/issuers.ts';
import type { Logger } from '../log.ts';
import { loadMatrix } from '../matrix/compile.ts';
import type { BundleKeeper } from '../policy/bundle-keeper.ts';
import { loadShadow } from '../policy/load-shadow.ts';
import { listBundleFolder } from '../policy/source/folder-files.ts';
import { selfCheck } from '../self-check.ts';
import type { Snapshot } from '../snapshot.ts';
import { readPeerRules } from './peer.ts';
import type { Config } from './schema.ts';

export interface SnapshotOptions {
  readonly epoch: number;
  readonly log: Logger;
  /** Where the policy's bundle comes from. */
  readonly bundles: BundleKeeper;
  /** The snapshot that this one will replace: its keys are taken over where nothing about them changed. */
  readonly previous?: Snapshot | undefined;
}

/**
 * Builds everything that a reload replaces, whole or not at all, and proves that Checks can be decided with it; starts
 * nothing.
 * @throws ConfigError for the matrix, BundleError for the policy
 */
export async function buildSnapshot(config: Config, options: SnapshotOptions): Promise<Snapshot> {
  const { epoch, log, bundles, previous } = options;
  const matrix = loadMatrix(config.matrix, { issuers: config.issuers.map(({ issuer }) => issuer) });
  const peer = readPeerRules(config, matrix);
  const policy = await bundles.load(config.policy);
  // One that stands for none denies everything: there is nothing to prove.
  if (policy.bundle !== undefined) await selfCheck(policy, log);
  const shadow = await loadShadow(config.policy, { epoch, log });
  const issuers = createIssuers(config.issuers, { log, previous: previous && fetchedOnly(previous.issuers) });
  const dpop = createDpopRules(config.dpop);
  return Object.freeze({ epoch, matrix, peer, issuers, dpop, policy, shadow, denialDetail: config.denials.detail });
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
  const { shadow } = config.policy;
  const others = [...Object.values(trustBundles), ...Object.values(jwtBundles), ...pemFiles];
  return [
    config.matrix,
    ...bundleFiles(config.policy.bundle),
    ...(shadow === undefined ? [] : bundleFiles(shadow.bundle)),
    ...Object.values(config.policy.keys).map(({ file }) => file),
    ...keyFiles,
    ...others.map((file) => file.slice('file:'.length)),
  ];
}

/** A server's bundle is no file; a folder is all that lies in it, as far as it can be read. */
function bundleFiles(bundle: string): readonly string[] {
  if (/^https?:/i.test(bundle)) return [];
  try {
    return statSync(bundle).isDirectory() ? listBundleFolder(bundle).map(({ path }) => path) : [bundle];
  } catch {
    return [bundle];
  }
}
