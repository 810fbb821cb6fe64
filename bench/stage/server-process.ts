import { type ChildProcess, spawn } from 'node:child_process';
import { openSync, readFileSync } from 'node:fs';
import { hasEnded, stopChild } from '../../test/fakes/stop-child.ts';
import { pinned } from './cores.ts';

/** A server that was started, pinned to one processor, and what it costs. */
export interface ServerProcess {
  readonly pid: number;
  /** False as soon as it has ended, for whatever reason. */
  isRunning(): boolean;
  stop(): Promise<void>;
}

export interface StartOptions {
  readonly core: number;
  /** Takes stdout and stderr. */
  readonly logFile: string;
  readonly env?: Readonly<Record<string, string>>;
}

const STOP_WITHIN_MS = 8000;

/** Starts `command` on one processor. It ends with this process at the latest. */
export function startServer(command: readonly string[], { core, logFile, env = {} }: StartOptions): ServerProcess {
  const log = openSync(logFile, 'a');
  const [file, ...args] = pinned(core, command);
  // taskset replaces itself with the command, so the child's id is the server's.
  const child = spawn(file, args, { stdio: ['ignore', log, log], env: { ...process.env, ...env } });
  endWithUs(child);
  const { pid } = child;
  if (pid === undefined) throw new Error(`${file} does not start`);
  return { pid, isRunning: () => !hasEnded(child), stop: () => stopChild(child, STOP_WITHIN_MS) };
}

const leave = (): void => process.exit(1);

/** A child never outlives this process, also where that is interrupted. */
export function endWithUs(child: ChildProcess): void {
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill).once('SIGINT', leave).once('SIGTERM', leave);
  child.once('exit', () => process.off('exit', kill).off('SIGINT', leave).off('SIGTERM', leave));
}

/** The last lines that a server wrote: why it did not start. */
export function lastWords(logFile: string): string {
  return readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-8).join('\n');
}
