import { afterEach, describe, expect, it } from 'vitest';
import { catchHangUps } from './hang-up.ts';

const before = process.listeners('SIGHUP');

afterEach(() => {
  for (const listener of process.listeners('SIGHUP')) if (!before.includes(listener)) process.off('SIGHUP', listener);
});

describe('catchHangUps', () => {
  it('catches SIGHUP at once, remembers it, and reloads as soon as there is something to reload (Y05)', () => {
    const onHangUp = catchHangUps();
    expect(process.emit('SIGHUP')).toBe(true);
    process.emit('SIGHUP');
    let reloads = 0;
    onHangUp(() => (reloads += 1));
    expect(reloads).toBe(1);
    process.emit('SIGHUP');
    expect(reloads).toBe(2);
  });

  it('reloads nothing that nobody asked for', () => {
    let reloads = 0;
    catchHangUps()(() => (reloads += 1));
    expect(reloads).toBe(0);
  });
});
