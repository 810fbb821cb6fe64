import { createHash } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { BundleHistory } from '../bundle-history.ts';
import type { Download } from './download.ts';

/** What outlives the process. */
export interface Persisted {
  readonly history: BundleHistory;
  /** The bundle that was downloaded last and taken, and where from; a bundle on disk is not copied. */
  readonly copy: Copy | undefined;
}

export interface Copy extends Pick<Download, 'etag'> {
  /** Without its query, which may be a secret, and another one tomorrow. */
  readonly url: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** When the server last said that this is its bundle, in milliseconds since the epoch. */
  readonly confirmedAt: number;
  /** Left by an earlier process, and not confirmed since. */
  readonly isFromDisk: boolean;
}

export interface Persistence {
  /**
   * Reads what the last process left; undefined where there was none.
   * @throws Error where it cannot be used
   */
  read(): Promise<Persisted | undefined>;
  /** Replaces it, whole or not at all, also where the machine dies meanwhile. */
  write(state: Persisted): Promise<void>;
}

const STATE = 'state.json';
const hex = z.string().regex(/^[0-9a-f]{64}$/);
const stateSchema = z.strictObject({
  version: z.literal(1),
  latest: z.strictObject({ revision: z.string(), signed: hex.optional(), digest: hex }).optional(),
  superseded: z.array(hex),
  copy: z
    .strictObject({ url: z.string(), etag: z.string().optional(), sha256: hex, confirmedAt: z.number() })
    .optional(),
});

/**
 * Keeps the last good bundle and the history in a folder (threats P11, P12). The state names the bundle's file by its
 * hash, and is replaced after it, so that the two always fit. Whoever reads them verifies the bundle anew.
 */
export function openPersistence(folder: string): Persistence {
  return {
    read: async () => {
      const text = await readFile(join(folder, STATE), 'utf8').catch(missing);
      if (text === undefined) return undefined;
      const { copy, latest, superseded } = stateSchema.parse(JSON.parse(text));
      const history: BundleHistory = { latest: latest && { signed: undefined, ...latest }, superseded };
      if (copy === undefined) return { history, copy: undefined };
      const file = await readFile(join(folder, nameOf(copy.sha256))).catch(missing);
      // The history is worth more than the copy: without it an older bundle would not be known as one (threats P11).
      if (file === undefined || sha256Of(file) !== copy.sha256) return { history, copy: undefined };
      const bytes = new Uint8Array(file);
      const { url, etag, confirmedAt } = copy;
      return { history, copy: { url, etag, confirmedAt, bytes, isFromDisk: true } };
    },
    write: async ({ history, copy }) => {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const sha256 = copy && sha256Of(copy.bytes);
      if (copy !== undefined && sha256 !== undefined) await replace(folder, nameOf(sha256), copy.bytes);
      const { url, etag, confirmedAt } = copy ?? {};
      const stored = sha256 === undefined ? undefined : { url, etag, sha256, confirmedAt };
      await replace(folder, STATE, JSON.stringify({ version: 1, ...history, copy: stored }));
      const old = (await readdir(folder)).filter(
        (name) => /^bundle-.*\.tar\.gz/.test(name) && name !== nameOf(sha256 ?? ''),
      );
      for (const name of old) await rm(join(folder, name), { force: true });
    },
  };
}

/** Written beside, synced, renamed over, and the folder synced: after a crash there is the old file or the new one. */
async function replace(folder: string, name: string, content: Uint8Array | string): Promise<void> {
  const beside = join(folder, `${name}.${process.pid}.new`);
  const file = await open(beside, 'w', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(beside, join(folder, name));
  const directory = await open(folder);
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function missing(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
  throw error;
}

function nameOf(sha256: string): string {
  return `bundle-${sha256}.tar.gz`;
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
