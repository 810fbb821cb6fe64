import { text } from '../config/fields.ts';

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const DAY_MS = 86_400_000;

/** A day such as `2026-12-31`; once read, the first millisecond (UTC) that no longer belongs to it. */
export function lastDay() {
  const error = 'must be a day such as 2026-12-31';
  return text(DAY, error)
    .refine(isDay, { error })
    .transform((day) => Date.parse(day) + DAY_MS);
}

/** `Date.parse` may turn the 30th of February into the 2nd of March: what was written must be what is meant. */
function isDay(day: string): boolean {
  const time = Date.parse(day);
  return Number.isFinite(time) && new Date(time).toISOString().startsWith(day);
}
