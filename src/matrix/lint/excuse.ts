import { dayText } from '../day-text.ts';
import type { Draft, World } from './finding.ts';

/**
 * Turns errors that somebody owns into warnings that name the owner, for as long as the exception lasts; and finds the
 * exceptions that excuse nothing, which would only make their row deny one day.
 */
export function excuse(drafts: readonly Draft[], { file, facts: { now } }: World): readonly Draft[] {
  const used = new Set<number>();
  const judged = drafts.map((draft): Draft => {
    const index = file.exceptions.findIndex(({ hop, rule }) => hop === draft.hop && rule === draft.rule);
    const exception = file.exceptions[index];
    if (exception === undefined) return draft;
    used.add(index);
    if (exception.expires <= now) return draft;
    const { owner, expires, reason } = exception;
    const message = `${draft.message} (excepted until ${dayText(expires)} by ${owner}: ${reason})`;
    return { ...draft, severity: 'warning', message };
  });
  const idle = file.exceptions.flatMap(({ hop, rule }, index): readonly Draft[] => {
    if (used.has(index)) return [];
    const message = `exception from ${rule} excuses nothing, and the row will deny when it runs out; remove it`;
    return [{ rule: 'exception-unused', severity: 'warning', hop, keys: ['exceptions', index], message }];
  });
  return [...judged, ...idle];
}
