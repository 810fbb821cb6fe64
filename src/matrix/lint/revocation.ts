import { inWords } from '../../config/fields.ts';
import { durationText } from '../duration-text.ts';
import type { Draft, World } from './finding.ts';
import { floorsOf } from './floors-of.ts';

/** Every row says how access to it ends, and promises no more than can be held. */
export function* lintRevocation({ matrix, facts }: World): Generator<Draft> {
  for (const hop of matrix.hops.values()) {
    if (hop.revocation === undefined) {
      const message =
        'says nothing of how access ends; add what ends it, such as revocation: {by: [token, subject, agent], within: 1s}';
      yield { rule: 'revocation-missing', severity: 'error', hop: hop.id, keys: ['hops', hop.id], message };
      continue;
    }
    const { within } = hop.revocation;
    for (const { by, seconds, why } of floorsOf(hop, facts.isDurable)) {
      if (seconds <= within) continue;
      const held = seconds === Number.POSITIVE_INFINITY ? 'never does' : `takes up to ${durationText(seconds)}`;
      yield {
        rule: 'revocation-slower',
        severity: 'error',
        hop: hop.id,
        keys: ['hops', hop.id, 'revocation'],
        message: `promises that revoking by ${inWords(by)} bites within ${durationText(within)}, and it ${held}: ${why}`,
      };
    }
  }
}
