import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { type ParsedTarFileItem, parseTar } from 'nanotar';

/** What a policy bundle holds, once it is proven to be one. */
export interface Bundle {
  /** The manifest's revision, else the first 12 hex digits of the bundle's SHA-256. */
  readonly revision: string;
  readonly wasm: Uint8Array<ArrayBuffer>;
  /** What Rego sees as `data`. */
  readonly data: Readonly<Record<string, unknown>>;
  /** The entrypoints that the manifest names; `opa build -e` writes them. */
  readonly entrypoints: readonly string[];
  /** The Rego files, as `opa build` packed them: entrypoint rules are left out of them. For messages only. */
  readonly sources: readonly { readonly path: string; readonly text: string }[];
}

export type BundleErrorCode =
  | 'bundle_unreadable'
  | 'bundle_corrupt'
  | 'bundle_incomplete'
  | 'bundle_invalid'
  | 'bundle_builtin_missing'
  | 'bundle_entrypoint_missing';

/** A policy that cannot be loaded. The one already loaded stays in use. Exit code 3. */
export class BundleError extends Error {
  override readonly name = 'BundleError';
  readonly exitCode = 3;
  readonly code: BundleErrorCode;

  /** @param message what is wrong, where, and what to do next */
  constructor(code: BundleErrorCode, message: string, options?: { readonly cause: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** Bytes after unpacking. A bundle is read into memory whole, so a small file that unpacks to gigabytes must not be. */
const MAX_UNPACKED = 64 * 1024 * 1024;
const REVISION = /^[\x21-\x7e]{1,128}$/;
const WASM_HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
const REBUILD = 'Build the bundle again with `opa build -t wasm`.';

/**
 * Reads an OPA bundle, `bundle.tar.gz` as `opa build -t wasm` writes it (threats P09).
 * @see https://www.openpolicyagent.org/docs/management-bundles#bundle-file-format
 * @throws BundleError
 */
export function readBundle(bytes: Uint8Array): Bundle {
  const members = unpack(bytes);
  const manifest = readManifest(members);
  const wasm = required(members, 'policy.wasm');
  if (WASM_HEADER.some((byte, index) => wasm[index] !== byte)) {
    throw new BundleError('bundle_invalid', `policy.wasm is not a WebAssembly module. ${REBUILD}`);
  }
  const data = parseObject(members, 'data.json');
  const nested = [...members.keys()].find((path) => /\/data\.(?:json|yaml|yml)$/.test(path));
  if (nested !== undefined) {
    // Only `opa build` merges data files. Leaving one out would decide on less data than its author sees.
    throw new BundleError('bundle_invalid', `${nested} is not merged into data.json. ${REBUILD}`);
  }
  return {
    revision: manifest.revision || createHash('sha256').update(bytes).digest('hex').slice(0, 12),
    wasm,
    data,
    entrypoints: manifest.entrypoints,
    sources: [...members]
      .filter(([path]) => path.endsWith('.rego'))
      .map(([path, file]) => ({ path, text: new TextDecoder().decode(file) })),
  };
}

type Members = ReadonlyMap<string, Uint8Array<ArrayBuffer>>;

function unpack(bytes: Uint8Array): Members {
  let files: ParsedTarFileItem[];
  try {
    // nanotar reads the whole underlying buffer, whatever view it is given: hand it one of its own.
    files = parseTar(new Uint8Array(gunzipSync(bytes, { maxOutputLength: MAX_UNPACKED })));
  } catch (cause) {
    throw new BundleError('bundle_corrupt', `it is not a whole .tar.gz of at most 64 MiB. ${REBUILD}`, { cause });
  }
  const members = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const { name, type, data, size } of files) {
    if (type === 'directory') continue;
    const path = name.replace(/^\.\//, '');
    if (type !== 'file' || !(size >= 0) || members.has(path)) {
      throw new BundleError('bundle_corrupt', `${shown(path)} is there twice, or is no plain file. ${REBUILD}`);
    }
    members.set(path, new Uint8Array(data ?? []));
  }
  return members;
}

function readManifest(members: Members): { revision: string; entrypoints: readonly string[] } {
  const { revision = '', wasm } = parseObject(members, '.manifest');
  if (typeof revision !== 'string' || (revision !== '' && !REVISION.test(revision))) {
    throw invalid('.manifest', 'revision', 'must be at most 128 visible ASCII characters');
  }
  if (!Array.isArray(wasm) || wasm.length === 0) {
    throw invalid('.manifest', 'wasm', 'must list the entrypoints');
  }
  const entrypoints = wasm.map((resolver: unknown) => {
    const { entrypoint, module } = isObject(resolver) ? resolver : {};
    if (typeof entrypoint !== 'string' || entrypoint === '' || module !== '/policy.wasm') {
      throw invalid('.manifest', 'wasm', 'must give each entry an entrypoint and the module /policy.wasm');
    }
    return entrypoint;
  });
  return { revision, entrypoints };
}

function parseObject(members: Members, path: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text(required(members, path)));
  } catch (cause) {
    if (cause instanceof BundleError) throw cause;
    throw new BundleError('bundle_invalid', `${path} is not JSON in UTF-8. ${REBUILD}`, { cause });
  }
  if (!isObject(value)) throw new BundleError('bundle_invalid', `${path} must be a JSON object. ${REBUILD}`);
  return value;
}

function required(members: Members, path: string): Uint8Array<ArrayBuffer> {
  const file = members.get(path);
  if (file === undefined) throw new BundleError('bundle_incomplete', `it holds no ${path}. ${REBUILD}`);
  return file;
}

function text(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(path: string, member: string, problem: string): BundleError {
  return new BundleError('bundle_invalid', `${path}: ${member} ${problem}. ${REBUILD}`);
}

/** A name from the archive, safe to print. */
function shown(path: string): string {
  return JSON.stringify(path.slice(0, 100));
}
