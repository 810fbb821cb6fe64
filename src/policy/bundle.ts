import { unpackBundle } from './bundle-archive.ts';
import { BundleError } from './bundle-error.ts';
import type { BundleFiles } from './bundle-files.ts';
import { type Manifest, readManifest } from './bundle-manifest.ts';
import { requireWithinRoots } from './bundle-roots.ts';
import { requireLogRules } from './require-log-rules.ts';

export { BundleError } from './bundle-error.ts';

/** What a policy bundle holds, once it is proven to be one. */
export interface Bundle extends Omit<Manifest, 'revision'> {
  /** The manifest's revision, else the first 12 hex digits of the bundle's SHA-256. */
  readonly revision: string;
  readonly wasm: Uint8Array<ArrayBuffer>;
  /** What Rego sees as `data`. */
  readonly data: Readonly<Record<string, unknown>>;
  /** The Rego files, as `opa build` packed them: entrypoint rules are left out of them. For messages only. */
  readonly sources: readonly { readonly path: string; readonly text: string }[];
}

const WASM_HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
const REBUILD = 'Build the bundle again with `opa build -t wasm`.';

/**
 * Reads an OPA bundle, as `opa build -t wasm` writes it (threats P09). Judges no signature: `verifySignature` does, first.
 * @param from the bytes of a `bundle.tar.gz`, or its files
 * @see https://www.openpolicyagent.org/docs/management-bundles#bundle-file-format
 * @throws BundleError
 */
export function readBundle(from: Uint8Array | BundleFiles): Bundle {
  const { digest, files } = from instanceof Uint8Array ? unpackBundle(from) : from;
  const manifest = readManifest(parseObject(files, '.manifest'));
  const wasm = required(files, 'policy.wasm');
  if (WASM_HEADER.some((byte, index) => wasm[index] !== byte)) {
    throw new BundleError('bundle_invalid', `policy.wasm is not a WebAssembly module. ${REBUILD}`);
  }
  requireWhole(files);
  const bundle = {
    ...manifest,
    revision: manifest.revision || digest.slice(0, 12),
    wasm,
    data: parseObject(files, 'data.json'),
    sources: [...files]
      .filter(([path]) => path.endsWith('.rego'))
      .map(([path, file]) => ({ path, text: new TextDecoder().decode(file) })),
  };
  requireWithinRoots(bundle);
  requireLogRules(bundle);
  return bundle;
}

type Files = BundleFiles['files'];

/** Leaving out a file that decides would be to decide on less than its author sees. */
function requireWhole(files: Files): void {
  for (const path of files.keys()) {
    if (/(?:\/data\.json|(?:^|\/)data\.ya?ml)$/.test(path)) {
      throw new BundleError('bundle_invalid', `${path} is not merged into data.json. ${REBUILD}`);
    }
    if (/(?:^|\/)(?:patch\.json|\.manifest\.pb)$/.test(path) || /\/(?:\.manifest|policy\.wasm)$/.test(path)) {
      throw new BundleError(
        'bundle_invalid',
        `${path} makes it another kind of bundle, which is not read here. ${REBUILD}`,
      );
    }
  }
}

function parseObject(files: Files, path: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text(required(files, path)));
  } catch (cause) {
    if (cause instanceof BundleError) throw cause;
    throw new BundleError('bundle_invalid', `${path} is not JSON in UTF-8. ${REBUILD}`, { cause });
  }
  if (!isObject(value)) throw new BundleError('bundle_invalid', `${path} must be a JSON object. ${REBUILD}`);
  return value;
}

function required(files: Files, path: string): Uint8Array<ArrayBuffer> {
  const file = files.get(path);
  if (file === undefined) throw new BundleError('bundle_incomplete', `it holds no ${path}. ${REBUILD}`);
  return file;
}

function text(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
