import { StoreError } from './store.ts';

/** Primary result codes of SQLite: https://sqlite.org/rescode.html */
const CODE = { busy: 5, locked: 6, readonly: 8, ioerr: 10, corrupt: 11, full: 13, cantopen: 14, notadb: 26 } as const;

const SENTENCES: Readonly<Record<number, string>> = {
  [CODE.busy]: 'another process holds its lock',
  [CODE.locked]: 'another process holds its lock',
  [CODE.readonly]: 'it, or its folder, cannot be written to',
  [CODE.ioerr]: 'the disk fails, or is full',
  [CODE.corrupt]: 'it is damaged: restore it from a backup',
  [CODE.full]: 'the disk is full',
  [CODE.cantopen]: 'it, or its folder, cannot be opened or written to',
  [CODE.notadb]: 'it is not a Behalf store',
};

/** Of the file system, before SQLite sees the file. */
const FILE_SENTENCES: Readonly<Record<string, string>> = {
  ENOENT: 'its folder does not exist',
  ENOTDIR: 'its folder does not exist',
  EACCES: 'it, or its folder, cannot be opened or written to',
  EPERM: 'it, or its folder, cannot be opened or written to',
  EROFS: 'its file system is read-only',
  ENOSPC: 'the disk is full',
};

/** The primary result code of an SQLite error; undefined where it is another error. */
function codeOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return undefined;
  return error.errcode & 0xff;
}

/** True where another process was at it just now, and trying again may help. */
export function isBusy(error: unknown): boolean {
  const code = codeOf(error);
  return code === CODE.busy || code === CODE.locked;
}

/** Says what is wrong with the file in a plain sentence. SQLite's own words may hold values, and are left out. */
export function sqliteFault(file: string, error: unknown): string {
  if (error instanceof StoreError) return error.message;
  const why = SENTENCES[codeOf(error) ?? -1] ?? FILE_SENTENCES[fileCodeOf(error)] ?? 'it cannot be used';
  return `the store sqlite:${file} is not available: ${why}`;
}

function fileCodeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
