import { dayText } from '../day-text.ts';
import type { Draft, World } from './finding.ts';

const SOON_DAYS = 30;
const DAY_MS = 86_400_000;

/** Exceptions run out loudly, and before that they are said aloud. */
export function* lintExceptions({ file, facts: { now } }: World): Generator<Draft> {
  for (const [index, { hop, rule, owner, reason, expires }] of file.exceptions.entries()) {
    const about = { hop, keys: ['exceptions', index, 'expires'] } as const;
    const days = Math.ceil((expires - now) / DAY_MS);
    if (expires <= now) {
      const message = `exception from ${rule} ran out after ${dayText(expires)}: the row denies; ${owner} must mend the row and remove it`;
      yield { ...about, rule: 'exception-expired', severity: 'error', message };
    } else if (days <= SOON_DAYS) {
      const message = `exception from ${rule} runs out after ${dayText(expires)}, and then the row denies; ${owner} must mend the row`;
      yield { ...about, rule: 'exception-expiring', severity: 'warning', message };
    }
    if (rule === 'static-credential') {
      const message = `rests on a fixed secret of the upstream, that nobody can narrow and no Check revokes: ${reason}`;
      yield { hop, rule, severity: 'error', keys: ['exceptions', index], message };
    }
  }
}
