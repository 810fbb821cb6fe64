import { isAbsolute, relative } from 'node:path';

/** One thing wrong with what the operator wrote. */
export interface Problem {
  /** `path:line:col`, or the environment variable or flag that brought the value. */
  readonly where: string;
  /** What is wrong, and what to do. Never a secret's value. */
  readonly message: string;
}

/** The config, the matrix or an argument is wrong; nothing was changed. Lists every problem found. Exit code 2. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly exitCode = 2;
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[], options?: { readonly cause: unknown }) {
    super(problems.map(({ where, message }) => `${where}: ${message}`).join('\n'), options);
    this.problems = problems;
  }
}

/** A path as the operator would type it: relative to the current folder where it lies inside. */
export function shownPath(path: string): string {
  const near = relative(process.cwd(), path);
  return near === '' || near.startsWith('..') || isAbsolute(near) ? path : near;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EISDIR: 'it is a folder, not a file',
  ENOTDIR: 'a part of the path is not a folder',
  ELOOP: 'its symbolic links form a loop',
};

/** Why the system refused to read a file, in words. */
export function fileReason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
  return REASONS[code] ?? code;
}
