import { readFile, stat } from 'node:fs/promises';
import { fileReason } from '../../config/problem.ts';
import { unpackBundle } from '../bundle-archive.ts';
import { BundleError } from '../bundle-error.ts';
import type { BundleFiles } from '../bundle-files.ts';
import { readBundleFolder } from './folder.ts';

const MAX_BUNDLE = 16 * 1024 * 1024;

/**
 * Reads the files of a bundle from disk: from a `bundle.tar.gz`, or from a folder that holds what such a file would.
 * @throws BundleError
 */
export async function readBundleFiles(path: string): Promise<BundleFiles> {
  try {
    const found = await stat(path);
    if (found.isDirectory()) return await readBundleFolder(path);
    if (!found.isFile()) throw unreadable('it is neither a file nor a folder');
    if (found.size > MAX_BUNDLE) throw unreadable('it is larger than 16 MiB');
    return unpackBundle(await readFile(path));
  } catch (cause) {
    if (cause instanceof BundleError) throw cause;
    throw unreadable(fileReason(cause), cause);
  }
}

function unreadable(reason: string, cause?: unknown): BundleError {
  return new BundleError('bundle_unreadable', `${reason}. Correct policy.bundle, or the file.`, { cause });
}
