import { Refusal } from '../refusals.ts';
import type { Hop } from './hop.ts';

/**
 * Refuses a row whose exception has run out: what it excused is wrong again, and only its owner may say otherwise
 * (design §4).
 * @param now milliseconds since the epoch
 * @throws Refusal `exception_expired`
 */
export function requireUnexpired({ exceptions }: Hop, now: number): void {
  const over = exceptions.find(({ expires }) => now >= expires);
  if (over !== undefined) throw new Refusal('exception_expired', `the exception ${over.rule} has run out`);
}
