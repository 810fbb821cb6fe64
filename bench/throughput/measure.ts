import { setTimeout as sleep } from 'node:timers/promises';
import type { Ghz, Load } from '../stage/ghz.ts';
import { cpuMicroseconds } from '../stage/usage.ts';
import type { Contestant } from './contestants.ts';

/** One turn of one server. */
export interface Turn {
  /** Checks a second. */
  readonly rate: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Processor time of the server for each Check, in microseconds; undefined where we may not look. */
  readonly cpu: number | undefined;
  /** The share of the turn in which the server was computing. Well below 1, the load was too small. */
  readonly busy: number | undefined;
}

/** What is written and exported after the answer belongs to the Check, too. */
const SETTLE_MS = 400;

/**
 * Sends one burst and reads what it cost.
 * @throws Error where one Check was not allowed, or one record or span was lost: such a turn proves nothing
 */
export async function measure(contestant: Contestant, ghz: Ghz, load: Omit<Load, 'address'>): Promise<Turn> {
  const { pid, address } = contestant;
  const before = await contestant.counts?.();
  const cpuBefore = pid === undefined ? undefined : cpuMicroseconds(pid);
  const { count, rate, p50, p99 } = await ghz.burst({ ...load, address });
  await sleep(SETTLE_MS);
  const used = pid === undefined || cpuBefore === undefined ? undefined : cpuMicroseconds(pid) - cpuBefore;
  const after = await contestant.counts?.();
  if (before !== undefined && after !== undefined) {
    const allowed = after.allowed - before.allowed;
    const denied = after.denied - before.denied;
    const dropped = after.dropped - before.dropped;
    if (allowed !== count || denied !== 0)
      throw new Error(
        `void: of ${count} Checks ${allowed} were allowed; refused until now: ${JSON.stringify(after.refusals)}`,
      );
    if (dropped !== 0) throw new Error(`void: ${dropped} records or spans were dropped`);
  }
  const busy = used === undefined ? undefined : used / 1e6 / (count / rate);
  return { rate, p50, p99, cpu: used === undefined ? undefined : used / count, busy };
}
