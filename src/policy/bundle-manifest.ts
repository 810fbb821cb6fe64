import { BundleError } from './bundle-error.ts';

/** What a `.manifest` says, once its shape is proven. */
export interface Manifest {
  /** `""` where it gives none. */
  readonly revision: string;
  /** What the bundle may speak about, without slashes at the ends; `""` is everything. */
  readonly roots: readonly string[];
  readonly entrypoints: readonly string[];
  /** Whatever its author wrote down; nothing here reads it. */
  readonly metadata: Readonly<Record<string, unknown>>;
}

const REVISION = /^[\x21-\x7e]{1,128}$/;
const REBUILD = 'Build the bundle again with `opa build -t wasm`.';

/**
 * Reads a manifest.
 * @param value the JSON of `.manifest`
 * @see https://www.openpolicyagent.org/docs/management-bundles#bundle-file-format
 * @throws BundleError `bundle_invalid`
 */
export function readManifest({ revision = '', roots = [''], wasm, metadata = {} }: Record<string, unknown>): Manifest {
  if (typeof revision !== 'string' || (revision !== '' && !REVISION.test(revision))) {
    throw invalid('revision', 'must be at most 128 visible ASCII characters');
  }
  if (!isObject(metadata)) throw invalid('metadata', 'must be a JSON object');
  return { revision, roots: readRoots(roots), entrypoints: readEntrypoints(wasm), metadata };
}

function readRoots(roots: unknown): readonly string[] {
  if (!Array.isArray(roots) || roots.length === 0 || !roots.every((root) => typeof root === 'string')) {
    throw invalid('roots', 'must list the paths that the bundle is for');
  }
  const trimmed = roots.map((root) => root.replaceAll(/^\/+|\/+$/g, ''));
  // As OPA has it: of two bundles, or two roots, only one may own a path.
  const isDouble = trimmed.some((root, index) => trimmed.some((other, at) => at !== index && isWithin(other, root)));
  if (isDouble) throw invalid('roots', 'must not overlap');
  return trimmed;
}

function readEntrypoints(wasm: unknown): readonly string[] {
  if (!Array.isArray(wasm) || wasm.length === 0) throw invalid('wasm', 'must list the entrypoints');
  const entrypoints = wasm.map((resolver: unknown) => {
    const { entrypoint, module } = isObject(resolver) ? resolver : {};
    if (typeof entrypoint !== 'string' || entrypoint === '' || module !== '/policy.wasm') {
      throw invalid('wasm', 'must give each entry an entrypoint and the module /policy.wasm');
    }
    return entrypoint;
  });
  if (new Set(entrypoints).size < entrypoints.length) throw invalid('wasm', 'must name each entrypoint once');
  return entrypoints;
}

/** Whether `path` is `root` or lies under it. */
function isWithin(path: string, root: string): boolean {
  return root === '' || path === root || path.startsWith(`${root}/`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(member: string, problem: string): BundleError {
  return new BundleError('bundle_invalid', `.manifest: ${member} ${problem}. ${REBUILD}`);
}
