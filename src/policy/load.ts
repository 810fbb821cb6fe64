import { readFile, stat } from 'node:fs/promises';
import { fileReason, shownPath } from '../config/problem.ts';
import { BundleError, readBundle } from './bundle.ts';
import type { Policy } from './policy.ts';
import { compilePolicy } from './wasm.ts';

export interface PolicySource {
  /** A `bundle.tar.gz`, as `opa build -t wasm` writes it. */
  readonly path: string;
  readonly entrypoint: string;
}

const MAX_BUNDLE = 16 * 1024 * 1024;

/**
 * Loads a policy: the bundle is read, compiled, and has the entrypoint. A policy that loads may still be undefined for
 * an input, or trap: `decide` refuses both.
 * @throws BundleError whose message begins with the path
 */
export async function loadPolicy({ path, entrypoint }: PolicySource): Promise<Policy> {
  try {
    return await compilePolicy({ bundle: readBundle(await readFileWhole(path)), entrypoint });
  } catch (error) {
    if (!(error instanceof BundleError)) throw error;
    throw new BundleError(error.code, `policy bundle ${shownPath(path)}: ${error.message}`, { cause: error.cause });
  }
}

async function readFileWhole(path: string): Promise<Uint8Array> {
  try {
    const found = await stat(path);
    if (found.isDirectory()) throw unreadable('it is a folder, not a file');
    if (!found.isFile()) throw unreadable('it is not a file');
    if (found.size > MAX_BUNDLE) throw unreadable('it is larger than 16 MiB');
    return await readFile(path);
  } catch (cause) {
    if (cause instanceof BundleError) throw cause;
    throw unreadable(fileReason(cause), cause);
  }
}

function unreadable(reason: string, cause?: unknown): BundleError {
  return new BundleError('bundle_unreadable', `${reason}. Correct policy.bundle, or the file.`, { cause });
}
