import { ConfigError } from '../config/problem.ts';
import { BundleError } from '../policy/bundle.ts';
import type { ExitCode } from './terminal.ts';

/** The process cannot start as it was told to: a port in use, a file that cannot be written. */
export class StartError extends Error {
  override readonly name = 'StartError';
  readonly exitCode = 2;
}

/** An error as the operator sees it. */
export interface Failure {
  readonly exitCode: ExitCode;
  readonly problems: readonly { readonly where?: string; readonly message: string }[];
}

/** Turns what was thrown into problems, each said in one line. What nobody expected keeps its stack. */
export function toFailure(error: unknown): Failure {
  if (error instanceof AggregateError) {
    const failures = error.errors.map(toFailure);
    return { exitCode: failures[0]?.exitCode ?? 1, problems: failures.flatMap(({ problems }) => problems) };
  }
  if (error instanceof ConfigError) return { exitCode: error.exitCode, problems: error.problems };
  if (error instanceof StartError || error instanceof BundleError) {
    return { exitCode: error.exitCode, problems: [{ message: error.message }] };
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { exitCode: 1, problems: [{ message: `unexpected error, please report it: ${text}` }] };
}

/** `behalf: where: what; what to do`, one line a problem. */
export function failureText({ problems }: Failure): string {
  return problems
    .map(({ where, message }) => `behalf: ${where === undefined ? '' : `${where}: `}${message}\n`)
    .join('');
}

const LISTEN_REASONS: readonly (readonly [code: string, what: string, todo: string])[] = [
  ['EADDRINUSE', 'the address is in use', 'stop what listens there, or choose another'],
  ['EACCES', 'permission denied', 'choose a port above 1023, or a folder that this user may write'],
  ['EADDRNOTAVAIL', 'this machine has no such address', 'choose one that it has'],
  ['ENOTFOUND', 'the host name has no address', 'write an IP address'],
  ['ENOENT', 'the folder of the socket is not there', 'make it, or choose another'],
];

/**
 * Why a server could not listen.
 * @param key the config key that holds the address
 */
export function listenFailure(key: string, address: string, error: unknown): StartError {
  const text = error instanceof Error ? error.message : String(error);
  const [, what, todo] = LISTEN_REASONS.find(([code]) => text.includes(code)) ?? ['', text, 'choose another address'];
  return new StartError(`cannot listen: ${key} ${address}: ${what}; ${todo} (config key ${key}, or --set ${key}=…)`, {
    cause: error,
  });
}
