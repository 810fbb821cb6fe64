import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareRevisions } from './bundle-revision.ts';

describe('compareRevisions', () => {
  it.each([
    ['1', '2'],
    ['9', '10'],
    ['007', '8'],
    ['99999999999999999999', '100000000000000000000'],
    ['1.2.3', '1.2.4'],
    ['v1.9.0', '1.10.0'],
    ['1.0.0-alpha', '1.0.0-alpha.1'],
    ['1.0.0-alpha.1', '1.0.0-alpha.beta'],
    ['1.0.0-rc.9', '1.0.0-rc.10'],
    ['1.0.0-rc.1', '1.0.0'],
    ['2026-03-01T12:00:00Z', '2026-03-01T12:00:01Z'],
    ['2026-03-01T12:00:00Z-9c1f', '2026-03-02T12:00:00Z-0a2b'],
    ['2026-03-01T12:00:00+02:00', '2026-03-01T11:00:00Z'],
    ['2026-03-01T12:00:00.1Z', '2026-03-01T12:00:00.2Z'],
  ])('knows that %s is older than %s [P11]', (older, newer) => {
    expect(compareRevisions(older, newer)).toBeLessThan(0);
    expect(compareRevisions(newer, older)).toBeGreaterThan(0);
  });

  it.each([
    ['two commits', '9c1f0aa', 'b2d4411'],
    ['two kinds', '12', '1.0.0'],
    ['a number and a commit', '12', 'b2d4411'],
    ['a day without a time', '2026-03-01', '2026-03-02'],
    ['a time that is none', '2026-13-01T00:00:00Z', '2026-01-01T00:00:00Z'],
    ['two builds of one version', '1.0.0+a', '1.0.0+b'],
    ['two of one moment', '2026-03-01T12:00:00Z-a', '2026-03-01T12:00:00Z-b'],
    ['one number written twice', '7', '07'],
    ['nothing and a number', '', '1'],
  ])('has no order for %s', (_, one, other) => {
    expect(compareRevisions(one, other)).toBeUndefined();
    expect(compareRevisions(other, one)).toBeUndefined();
  });

  it('takes equal ones for equal', () => {
    for (const revision of ['1', 'v1.2.3', '9c1f', '']) expect(compareRevisions(revision, revision)).toBe(0);
  });

  it('says the opposite the other way round, and is transitive, of anything', () => {
    const revision = fc.oneof(
      fc.nat().map(String),
      fc
        .tuple(fc.nat(3), fc.nat(3), fc.nat(3), fc.constantFrom('', '-a', '-1', '-a.1'))
        .map(([a, b, c, d]) => `${a}.${b}.${c}${d}`),
      fc.string({ maxLength: 6 }),
    );
    fc.assert(
      fc.property(revision, revision, revision, (a, b, c) => {
        const [ab, ba, bc, ac] = [
          compareRevisions(a, b),
          compareRevisions(b, a),
          compareRevisions(b, c),
          compareRevisions(a, c),
        ];
        expect(Math.sign(ab ?? 0)).toBe(-Math.sign(ba ?? 0) + 0);
        if ((ab ?? 0) < 0 && (bc ?? 0) < 0) expect(ac).toBeLessThan(0);
      }),
      { seed: 11, numRuns: 2000 },
    );
  });
});
