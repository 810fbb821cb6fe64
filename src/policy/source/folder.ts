import { readFile } from 'node:fs/promises';
import { relative, sep } from 'node:path';
import { BundleError } from '../bundle-error.ts';
import { type BundleFiles, digestOfFiles } from '../bundle-files.ts';
import { listBundleFolder } from './folder-files.ts';

const MAX_BYTES = 64 * 1024 * 1024;

/**
 * Reads an unpacked bundle: a folder with the files that `bundle.tar.gz` would hold, a mounted ConfigMap for one.
 * @throws BundleError; whatever the system says
 */
export async function readBundleFolder(folder: string): Promise<BundleFiles> {
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  let size = 0;
  for (const { path, isFile } of listBundleFolder(folder)) {
    if (!isFile) continue;
    const content = await readFile(path);
    size += content.length;
    if (size > MAX_BYTES)
      throw new BundleError('bundle_unreadable', 'its files are larger than 64 MiB. Correct policy.bundle.');
    files.set(relative(folder, path).split(sep).join('/'), new Uint8Array(content));
  }
  return { digest: digestOfFiles(files), files };
}
