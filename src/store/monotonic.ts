import type { Monotonic } from './sqlite-protocol.ts';

/** Reads the monotonic clock that all threads of this process share: `performance.now()` starts anew in each. */
export function monotonic(): Monotonic {
  return Number(process.hrtime.bigint()) / 1e6;
}
