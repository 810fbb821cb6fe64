import { dayText } from '../day-text.ts';
import type { Draft, World } from './finding.ts';

const SOON_MS = 30 * 86_400_000;

/** A row that is only observed lets pass what it would deny: nobody may forget that, or be surprised by its end. */
export function* lintRollout({ matrix, facts: { now } }: World): Generator<Draft> {
  for (const { id, rollout } of matrix.hops.values()) {
    if (rollout.mode !== 'observe') continue;
    const about = { severity: 'warning', hop: id, keys: ['hops', id, 'rollout', 'until'] } as const;
    const day = dayText(rollout.until);
    if (rollout.until <= now) {
      yield { ...about, rule: 'observed', message: `was observed until ${day} and enforces now; write mode: enforce` };
      continue;
    }
    yield {
      ...about,
      rule: 'observed',
      message: `denies nothing until after ${day}: what it refuses is recorded, and passes`,
    };
    if (rollout.until - now <= SOON_MS) {
      const message = `enforces from the day after ${day}; look at behalf_observed_total before that`;
      yield { ...about, rule: 'observe-expiring', message };
    }
  }
}
