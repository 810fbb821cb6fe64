import { createHash } from 'node:crypto';

/** The files of a bundle, by path, unread: what an archive and a folder have in common. */
export interface BundleFiles {
  /** SHA-256 in hex: of the archive as it came, or of all names and contents of a folder. */
  readonly digest: string;
  /** Paths are relative to the bundle, without a leading slash. */
  readonly files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
}

/** The digest of files that are no archive: each name and each content with its length, in the order of names. */
export function digestOfFiles(files: BundleFiles['files']): string {
  const hash = createHash('sha256');
  for (const [path, content] of [...files].toSorted(([one], [other]) => (one < other ? -1 : 1))) {
    hash.update(`${Buffer.byteLength(path)} ${path} ${content.length} `).update(content);
  }
  return hash.digest('hex');
}
