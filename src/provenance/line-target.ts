import { closeSync, fstatSync, openSync } from 'node:fs';

/** Where lines go. */
export interface LineTarget {
  readonly fd: number;
  /** What the operator calls it: `stdout`, or the path. */
  readonly name: string;
  /** Whether lines must be on the disk when the writer closes. */
  readonly isFile: boolean;
}

/**
 * Opens where lines go: `stdout`, `file:PATH` (appended to, made with mode 0600), or nothing for `none`.
 * @param setting the config key, for the error: `provenance.records`
 * @throws Error that says what cannot be opened, where that is set, and what to do
 */
export function openLineTarget(setting: string, value: string): LineTarget | undefined {
  if (value === 'none') {
    return undefined;
  }
  if (value === 'stdout') {
    return { fd: 1, name: 'stdout', isFile: isRegularFile(1) };
  }
  const path = value.startsWith('file:') ? value.slice('file:'.length) : '';
  if (path === '') {
    throw new Error(`${setting}: ${JSON.stringify(value)} names no target. Use none, or file:PATH with a path`);
  }
  try {
    const fd = openSync(path, 'a', 0o600);
    return { fd, name: path, isFile: isRegularFile(fd) };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw new Error(`${setting}: cannot open ${path} for appending (${code}). ${remedy(code)}`, { cause: error });
  }
}

/** Closes what `openLineTarget` opened; stdout stays open. */
export function closeLineTarget(target: LineTarget): void {
  if (target.fd !== 1) {
    closeSync(target.fd);
  }
}

function isRegularFile(fd: number): boolean {
  return fstatSync(fd).isFile();
}

function remedy(code: string): string {
  switch (code) {
    case 'ENOENT':
      return 'Make its folder first, or name another path';
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return 'Let the user that runs behalf write there, or name another path';
    case 'EISDIR':
      return 'It is a folder: name a file in it';
    default:
      return 'Name another path';
  }
}
