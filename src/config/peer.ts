import { readFileSync, statSync } from 'node:fs';
import { type JwtBundle, readJwtBundle } from '../identity/jwt-bundle.ts';
import type { PeerRules } from '../identity/peer-rules.ts';
import { readTrustBundle, type TrustBundle } from '../identity/trust-bundle.ts';
import type { Matrix } from '../matrix/hop.ts';
import { StrictJsonError } from '../strict-json.ts';
import { ConfigError, fileReason, shownPath } from './problem.ts';
import type { ResolveOptions } from './resolve.ts';
import type { Config } from './schema.ts';

/** Trust domain → `file:PATH`. */
type Files = Readonly<Record<string, string>>;

const MAX_BYTES = 512 * 1024;
const READERS: Readonly<Record<'trustBundles' | 'jwtBundles', (text: string) => unknown>> = {
  trustBundles: readTrustBundle,
  jwtBundles: readJwtBundle,
};

/**
 * Checks that each bundle file is there and can be used, by the reader that it meets later (threats S13, Y05).
 */
export function checkBundleFiles({ peer }: Config, report: ResolveOptions['report']): void {
  for (const kind of ['trustBundles', 'jwtBundles'] as const) {
    for (const [trustDomain, file] of Object.entries(peer[kind])) {
      try {
        readBundle(file, READERS[kind]);
      } catch (error) {
        report(['peer', kind, trustDomain], messageOf(error));
      }
    }
  }
}

/**
 * Reads how peers are identified: the `peer` section, its bundle files, and the trust domains of the matrix.
 * @throws ConfigError where a file cannot be used, or a trust domain that the matrix accepts has no bundle
 */
export function readPeerRules({ peer, matrix: path }: Config, matrix: Matrix): PeerRules {
  const rules = {
    trustDomains: matrix.trustDomains,
    xfcc: peer.xfcc && { trustedHops: peer.xfcc.trustedHops, by: new Set(peer.xfcc.by) },
    bundles: readAll<TrustBundle>('peer.trustBundles', peer.trustBundles, readTrustBundle),
    jwtBundles: readAll<JwtBundle>('peer.jwtBundles', peer.jwtBundles, readJwtBundle),
  };
  const missing = missingBundle(rules, matrix);
  if (missing !== undefined) throw new ConfigError([{ where: shownPath(path), message: missing }]);
  return rules;
}

/** Half a second check would be none: a caller would only need to come from the domain that has no bundle. */
function missingBundle({ trustDomains, bundles, jwtBundles }: PeerRules, { hops }: Matrix): string | undefined {
  const without = [...trustDomains].find((name) => bundles.size > 0 && !bundles.has(name));
  if (without !== undefined)
    return `trust domain ${without} has no bundle in peer.trustBundles; where one has, all need one`;
  const row = [...hops.values()].find((hop) => hop.peer.from === 'jwt-svid');
  if (row === undefined || [...trustDomains].some((name) => jwtBundles.has(name))) return undefined;
  return `row ${row.id} wants a JWT-SVID, and peer.jwtBundles has no bundle of a trust domain that the matrix accepts`;
}

function readAll<Bundle>(key: string, files: Files, read: (text: string) => Bundle): ReadonlyMap<string, Bundle> {
  return new Map(
    Object.entries(files).map(([trustDomain, file]) => {
      try {
        return [trustDomain, readBundle(file, read)];
      } catch (error) {
        throw new ConfigError([{ where: `${key}.${trustDomain}`, message: messageOf(error) }], { cause: error });
      }
    }),
  );
}

function readBundle<Bundle>(file: string, read: (text: string) => Bundle): Bundle {
  const path = file.slice('file:'.length);
  const shown = `the bundle ${shownPath(path)}`;
  let text: string;
  try {
    if (statSync(path).size > MAX_BYTES) throw new Error('it is over 512 KiB');
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? fileReason(error) : messageOf(error);
    throw new Error(`${shown} cannot be read: ${why}`, { cause: error });
  }
  try {
    return read(text);
  } catch (error) {
    const why = error instanceof StrictJsonError ? 'it is not valid JSON' : messageOf(error);
    throw new Error(`${shown} cannot be used: ${why}`, { cause: error });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
