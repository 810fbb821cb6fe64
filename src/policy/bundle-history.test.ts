import { describe, expect, it } from 'vitest';
import { type BundleHistory, historyWith, type Known, requireForward } from './bundle-history.ts';

const NONE: BundleHistory = { latest: undefined, superseded: [] };
const signed = (revision: string, by = revision): Known => ({
  revision,
  signed: `signed-${by}`,
  digest: `digest-${by}`,
});
const unsigned = (revision: string, by = revision): Known => ({ ...signed(revision, by), signed: undefined });
const after = (...taken: readonly Known[]): BundleHistory => taken.reduce((all, next) => historyWith(next, all), NONE);

describe('the history of bundles', () => {
  it('takes anything first, and the same again', () => {
    expect(requireForward(signed('1'), NONE, undefined)).toBe(false);
    expect(requireForward(signed('1'), after(signed('1')), undefined)).toBe(false);
    expect(requireForward(unsigned('1'), after(unsigned('1')), undefined)).toBe(false);
  });

  it('takes a newer revision, and one whose place nobody knows', () => {
    expect(requireForward(signed('2'), after(signed('1')), undefined)).toBe(false);
    expect(requireForward(signed('9c1f'), after(signed('b2d4')), undefined)).toBe(false);
    expect(requireForward(signed('9c1f'), after(signed('7')), undefined)).toBe(false);
  });

  it.each([
    ['an older number', signed('9'), [signed('10')]],
    ['an older number, never seen', signed('3'), [signed('10')]],
    ['an older number, unsigned', unsigned('9'), [unsigned('10')]],
    ['an older version', signed('1.2.0'), [signed('1.10.0')]],
    ['a replaced bundle without an order', signed('aa'), [signed('aa'), signed('bb')]],
    ['one that was replaced long ago', signed('aa'), [signed('aa'), signed('bb'), signed('cc'), signed('dd')]],
    ['a replaced one of the same revision', signed('7', 'old'), [signed('7', 'old'), signed('7', 'new')]],
  ])('refuses %s [P11]', (_, next, taken) => {
    expect(() => requireForward(next, after(...taken), undefined)).toThrow(
      expect.objectContaining({ code: 'bundle_downgrade' }),
    );
    expect(() => requireForward(next, after(...taken), 'another')).toThrow(
      expect.objectContaining({ code: 'bundle_downgrade' }),
    );
  });

  it('lets the one revision come back that is named, and forgets that it was replaced [P11]', () => {
    const history = after(signed('aa'), signed('bb'));
    expect(requireForward(signed('aa'), history, 'aa')).toBe(true);
    const back = historyWith(signed('aa'), history);
    expect(requireForward(signed('aa'), back, undefined)).toBe(false);
    expect(() => requireForward(signed('bb'), back, undefined)).toThrow(
      expect.objectContaining({ code: 'bundle_downgrade' }),
    );
  });

  it('does not hold an unsigned bundle without an order for an older one', () => {
    expect(requireForward(unsigned('aa'), after(unsigned('aa'), unsigned('bb')), undefined)).toBe(false);
  });

  it('knows the last thousand', () => {
    const many = after(...Array.from({ length: 1500 }, (_, index) => signed(`r${index}`)));
    expect(many.superseded).toHaveLength(1000);
    expect(() => requireForward(signed('r600'), many, undefined)).toThrow(
      expect.objectContaining({ code: 'bundle_downgrade' }),
    );
  });
});
