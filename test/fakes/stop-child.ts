import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** Asks a child process to end (SIGTERM), and makes it (SIGKILL) after `withinMs`. Resolves once it has. */
export async function stopChild(child: ChildProcess, withinMs: number): Promise<void> {
  if (hasEnded(child)) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), withinMs);
  await exited;
  clearTimeout(timer);
}

/** True once a child has ended, for whatever reason. */
export function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
