import type { BundleTrust } from './signature.ts';
import { readSigningKey, type SigningKeyConfig } from './signing-key.ts';

/** The part of behalf.yaml's `policy` that says where bundles come from and which are accepted. */
export interface BundleSettings {
  /** A file, a folder, or an http(s) URL. */
  readonly bundle: string;
  readonly entrypoint: string;
  readonly budget?: number | undefined;
  /** By key id. */
  readonly keys: Readonly<Record<string, SigningKeyConfig>>;
  readonly scope?: string | undefined;
  /** `file:PATH` or `env:NAME` of the bearer token for the server. */
  readonly token?: string | undefined;
  /** How often the server is asked, in seconds. */
  readonly poll: number;
  /** The folder that outlives the process. */
  readonly persist?: string | undefined;
  /** The one revision that may be gone back to. */
  readonly allowDowngrade?: string | undefined;
}

/**
 * Reads whose bundles are accepted.
 * @throws Error where a key file cannot be used
 */
export function readTrust({ keys, scope = '' }: Pick<BundleSettings, 'keys' | 'scope'>): BundleTrust {
  const read = Object.entries(keys).map(([kid, config]) => [kid, readSigningKey(config)] as const);
  return { keys: new Map(read), scope };
}
