import { readdirSync, realpathSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import { BundleError } from '../bundle-error.ts';

const MAX_ENTRIES = 10_000;

/** One entry of an unpacked bundle. */
export interface FolderEntry {
  readonly path: string;
  readonly isFile: boolean;
}

/**
 * Lists the folders and files of an unpacked bundle. Names that begin with `..` are Kubernetes' own, through which it swaps
 * a ConfigMap's files; a link is followed, and must stay within (threats P10).
 * @throws BundleError `bundle_corrupt`; whatever the system says
 */
export function listBundleFolder(folder: string): readonly FolderEntry[] {
  const root = realpathSync(folder);
  const found: FolderEntry[] = [{ path: folder, isFile: false }];
  for (const { path, isFile } of found) {
    if (isFile) continue;
    for (const name of readdirSync(path)) {
      if (name.startsWith('..')) continue;
      found.push(entryAt(join(path, name), root));
      if (found.length > MAX_ENTRIES)
        throw new BundleError('bundle_corrupt', 'the folder holds over 10,000 files. Correct policy.bundle.');
    }
  }
  return found;
}

function entryAt(path: string, root: string): FolderEntry {
  const found = statSync(path);
  if (!realpathSync(path).startsWith(`${root}${sep}`)) {
    throw new BundleError(
      'bundle_corrupt',
      `${JSON.stringify(path.slice(-100))} is a link that leads out of the bundle. Put the file itself there.`,
    );
  }
  if (!found.isFile() && !found.isDirectory()) {
    throw new BundleError('bundle_corrupt', `${JSON.stringify(path.slice(-100))} is neither a file nor a folder.`);
  }
  return { path, isFile: found.isFile() };
}
