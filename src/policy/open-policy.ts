import { type Bundle, readBundle } from './bundle.ts';
import type { BundleFiles } from './bundle-files.ts';
import type { Known } from './bundle-history.ts';
import { compileLogRules } from './log-rules.ts';
import type { Policy } from './policy.ts';
import { type BundleTrust, verifySignature } from './signature.ts';
import { compilePolicy } from './wasm.ts';

export interface OpenOptions {
  readonly entrypoint: string;
  /** Ticks for one evaluation (`policy.budget`). */
  readonly budget?: number | undefined;
  /** Where it has keys, the signature is verified before anything is read. */
  readonly trust?: BundleTrust | undefined;
}

/** A policy, and what history will know of its bundle. */
export interface OpenedPolicy {
  readonly policy: Policy;
  readonly known: Known;
}

/**
 * Makes a policy of the files of a bundle: verified, read, compiled. A policy that opens may still be undefined for an
 * input, or trap: `decide` refuses both.
 * @throws BundleError
 */
export async function openPolicy(
  files: BundleFiles,
  { trust, entrypoint, budget }: OpenOptions,
): Promise<OpenedPolicy> {
  const signed = trust === undefined || trust.keys.size === 0 ? undefined : await verifySignature(files, trust);
  const bundle = readBundle(files);
  const compile = (name: string): Promise<Policy> =>
    compilePolicy({ bundle, entrypoint: name, ...(budget !== undefined && { budget }) });
  const policy: Policy = await compile(entrypoint);
  const log = await compileLogRules(bundle, compile);
  const loaded: { readonly bundle: Bundle; readonly log: Policy['log'] } = { bundle, log };
  return {
    policy: Object.assign(policy, loaded) as Policy,
    known: { revision: bundle.revision, signed, digest: files.digest },
  };
}
