import { describe, expect, it } from 'vitest';
import { halve } from './policy-test-halve.ts';

describe('halving', () => {
  it('finds each bad item, in order, and keeps what the others gave together', async () => {
    let attempts = 0;
    const found = await halve([1, 2, 3, 4, 5, 6, 7, 8], async (items) => {
      attempts += 1;
      if (items.includes(3)) throw new Error('three');
      return Promise.resolve(items.length);
    });
    expect(found.flatMap(({ items }) => items)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(found.filter((each) => 'error' in each)).toEqual([{ items: [3], error: new Error('three') }]);
    expect(attempts).toBe(7);
  });

  it('attempts once where all is well, and not at all where there is nothing', async () => {
    expect(await halve(['a', 'b'], (items) => Promise.resolve(items.join('')))).toEqual([
      { items: ['a', 'b'], result: 'ab' },
    ]);
    expect(await halve([], () => Promise.reject(new Error('asked')))).toEqual([]);
  });
});
