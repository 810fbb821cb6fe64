import { describe, expect, it } from 'vitest';
import { identity } from '../../test/fakes/trail.ts';
import { createLog } from '../log.ts';
import { createSubjectLabel } from './subject-label.ts';

const log = createLog({ level: 'silent' });
const pseudonymous = { subject: 'pseudonymous', pseudonymKey: 'a secret of sixteen or more' } as const;

function subject(issuer: string, id: string): { subject: { issuer: string; id: string; claims: object } } {
  return { subject: { issuer, id, claims: {} } };
}

describe('the label of a subject (threats T11)', () => {
  it('is the same for the same person under the same key, in every process', () => {
    const label = createSubjectLabel(pseudonymous, log);
    expect(label(identity('anna'))).toMatch(/^[0-9a-f]{16}$/);
    expect(label(identity('anna'))).toBe(createSubjectLabel(pseudonymous, log)(identity('anna')));
  });

  it.each([
    ['another person', subject('https://a', 'bert')],
    ['the same id at another issuer', subject('https://b', 'anna')],
    ['an issuer that takes a piece of the id', subject('https://aa', 'nna')],
    ['an id that imitates the lengths', subject('https://a4:anna', '')],
  ])('differs for %s', (_, other) => {
    const label = createSubjectLabel(pseudonymous, log);
    expect(label(other as never)).not.toBe(label(subject('https://a', 'anna') as never));
  });

  it('is still the same after more people than are remembered, and for a name too long to remember', () => {
    const label = createSubjectLabel(pseudonymous, log);
    const anna = label(identity('anna'));
    const long = subject('https://a', 'x'.repeat(5 * 1024 * 1024)) as never;
    for (let other = 0; other <= 10_000; other++) label(identity(`other ${other}`));
    expect(label(identity('anna'))).toBe(anna);
    expect(label(long)).toBe(label(long));
  });

  it('differs under another key', () => {
    const label = createSubjectLabel({ ...pseudonymous, pseudonymKey: 'another secret, long enough' }, log);
    expect(label(identity('anna'))).not.toBe(createSubjectLabel(pseudonymous, log)(identity('anna')));
  });

  it('changes with every process, and says so, where no key is set', () => {
    const lines: string[] = [];
    const telling = createLog({ sink: { write: (line) => void lines.push(line) } });
    const [one, two] = [1, 2].map(() => createSubjectLabel({ subject: 'pseudonymous' }, telling)(identity('anna')));
    expect(one).not.toBe(two);
    expect(lines.join('')).toContain('provenance.pseudonymKey is not set');
  });

  it('is the subject itself where the operator wants it plain', () => {
    expect(createSubjectLabel({ subject: 'plain' }, log)(identity('anna'))).toBe('anna');
  });

  it('refuses a key that can be guessed', () => {
    expect(() => createSubjectLabel({ subject: 'pseudonymous', pseudonymKey: 'short' }, log)).toThrow(/pseudonymKey/);
  });
});
