import { shownPath } from '../config/problem.ts';
import { namingBundle } from './bundle-error.ts';
import { type OpenOptions, openPolicy } from './open-policy.ts';
import type { Policy } from './policy.ts';
import { readBundleFiles } from './source/file.ts';

export interface PolicySource extends OpenOptions {
  /** A `bundle.tar.gz`, as `opa build -t wasm` writes it, or a folder with what it holds. */
  readonly path: string;
}

/**
 * Loads a policy from disk, once: the bundle is read, compiled, and has the entrypoint.
 * @throws BundleError whose message begins with the path
 */
export function loadPolicy({ path, ...options }: PolicySource): Promise<Policy> {
  return namingBundle(shownPath(path), async () => (await openPolicy(await readBundleFiles(path), options)).policy);
}
