import { createHmac, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Identity } from '../identity/identity.ts';
import type { Logger } from '../log.ts';
import { bounded } from './bounded.ts';

export interface SubjectLabelConfig {
  /** `plain` names people in telemetry; `pseudonymous` does not (threats T11). */
  readonly subject: 'pseudonymous' | 'plain';
  /** The secret behind the pseudonyms. Without one they change at every restart. */
  readonly pseudonymKey?: string | undefined;
}

export type SubjectLabel = (identity: Pick<Identity, 'subject'>) => string;

const SHORTEST_KEY = 16;
const DIGITS = 16;
/** Bounded twice, by entries and by characters: an issuer may give long names. */
const MOST_KNOWN = { max: 10_000, maxSize: 4 * 1024 * 1024 };

/**
 * Makes the function that names a subject in telemetry and dynamic metadata: the subject itself, or the first 16 hex
 * digits of HMAC-SHA256 over issuer and subject. The same person at the same issuer always gets the same pseudonym.
 * @throws Error where the key is too short to keep pseudonyms from being guessed
 */
export function createSubjectLabel(config: SubjectLabelConfig, log: Logger): SubjectLabel {
  if (config.subject === 'plain') {
    return ({ subject }) => bounded(subject.id);
  }
  const key = pseudonymKey(config.pseudonymKey, log);
  // By name, not by object in a WeakMap: a collection visits the entries of that one by one, while every Check waits.
  const known = new LRUCache<string, string>({ ...MOST_KNOWN, sizeCalculation: (_pseudonym, text) => text.length });
  return ({ subject }) => {
    // Lengths first, so that no two pairs of issuer and subject make the same text (threats C13).
    const text = `${subject.issuer.length}:${subject.issuer}${subject.id.length}:${subject.id}`;
    let pseudonym = known.get(text);
    if (pseudonym === undefined) {
      pseudonym = createHmac('sha256', key).update(text).digest('hex').slice(0, DIGITS);
      known.set(text, pseudonym);
    }
    return pseudonym;
  };
}

function pseudonymKey(configured: string | undefined, log: Logger): string | Buffer {
  if (configured === undefined) {
    log.warn(
      'provenance.pseudonymKey is not set: pseudonyms of subjects change at every restart and differ between replicas. ' +
        'Set it to a secret of your own (env:NAME or file:PATH) to follow one person over time',
    );
    return randomBytes(32);
  }
  if (configured.length < SHORTEST_KEY) {
    throw new Error(
      `provenance.pseudonymKey is shorter than ${SHORTEST_KEY} characters, so pseudonyms could be guessed. ` +
        'Use a random secret, for example the output of: openssl rand -hex 32',
    );
  }
  return configured;
}
