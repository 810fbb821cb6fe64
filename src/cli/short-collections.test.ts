import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { shortCollections } from './short-collections.ts';

const MIB = 1024 * 1024;

function flagsFor(heapLimit: number): readonly string[] {
  const flags: string[] = [];
  shortCollections(heapLimit, (flag) => flags.push(flag));
  return flags;
}

describe('collections of memory', () => {
  // The limits of node --max-old-space-size=2048 and 4096, as it states them: with the young generation.
  it.each([2240 * MIB, 4288 * MIB])(
    'are early where a process may have %i bytes, and V8 would wait (threats E03)',
    (limit) => {
      expect(flagsFor(limit)).toEqual(['--heap-growing-percent=100']);
    },
  );

  it.each([704 * MIB, 2092 * MIB])('are left to V8 where it may have %i bytes, and waits for less', (limit) => {
    expect(flagsFor(limit)).toEqual([]);
  });

  it('are set by a flag that this version of Node has', () => {
    const options = execFileSync(process.execPath, ['--v8-options'], { encoding: 'utf8' });
    expect(options).toContain('--heap-growing-percent ');
  });
});
