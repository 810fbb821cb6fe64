import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Which processor runs what: the servers share one, everything that makes load is on the other. */
export interface Cores {
  readonly server: number;
  readonly load: number;
}

/**
 * Two processors that this process may use.
 * @throws Error where there are not two, or nothing to pin with
 */
export function chooseCores(): Cores {
  if (process.platform !== 'linux' || spawnSync('taskset', ['--version']).status !== 0) {
    throw new Error('processes are pinned with `taskset`, which is not here. Run this on Linux, with util-linux');
  }
  const [server, load] = allowed();
  if (server === undefined || load === undefined) {
    throw new Error('this needs two processors: one for the server, one for the load');
  }
  return { server, load };
}

/** The command line that runs `command` on one processor, all its threads included. */
export function pinned(core: number, command: readonly string[]): [string, ...string[]] {
  return ['taskset', '-c', String(core), ...command];
}

/** `Cpus_allowed_list: 0-1,4` of proc(5): in a container not every processor is ours. */
function allowed(): number[] {
  const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '';
  return list.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}
