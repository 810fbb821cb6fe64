import type { Logger } from '../log.ts';
import type { Matrix } from '../matrix/hop.ts';

export interface ShoutOptions {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Whether the store is one that others can write to. */
  readonly isDurable: boolean;
  readonly log: Logger;
}

/**
 * Says aloud which rows deviate: those that are only observed, and those that live on an exception. Told at start and after
 * each reload, because nobody reads a file that works (design §4).
 */
export function shoutRows({ hops }: Matrix, { now, isDurable, log }: ShoutOptions): void {
  for (const { id, rollout, exceptions, delegation } of hops.values()) {
    if (!isDurable && delegation.mode !== 'forbidden' && delegation.grant !== 'token') {
      log.warn({ hop: id }, 'this row reads stored grants, and store: memory: holds none: set store: sqlite:FILE');
    }
    if (rollout.mode === 'observe') {
      const until = dayOf(rollout.until);
      if (now < rollout.until) log.warn({ hop: id, until }, 'ONLY OBSERVED: what this row refuses is let pass');
      else log.warn({ hop: id, until }, 'observed until its date is past: this row enforces now');
    }
    for (const { rule, owner, reason, expires } of exceptions) {
      const facts = { hop: id, rule, owner, reason, expires: dayOf(expires) };
      if (now < expires) log.warn(facts, 'EXCEPTION: this row deviates from a rule until its day');
      else log.error(facts, 'EXCEPTION EXPIRED: this row denies everything until its owner renews it');
    }
  }
}

/** The last day that counts: dates are kept as the first moment after them. */
function dayOf(end: number): string {
  return new Date(end - 1).toISOString().slice(0, 10);
}
