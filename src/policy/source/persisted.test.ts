import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { openPersistence, type Persisted } from './persisted.ts';

let folder: string;
const digest = (character: string): string => character.repeat(64);

beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'behalf-persist-')), 'made', 'here');
});

function state(bytes: readonly number[], revision = '7'): Persisted {
  return {
    history: {
      latest: { revision, signed: digest('a'), digest: digest('b') },
      superseded: [digest('c'), digest('d')],
    },
    copy: { url: 'https://x/b', etag: '"1"', bytes: new Uint8Array(bytes), confirmedAt: 12, isFromDisk: true },
  };
}

describe('openPersistence', () => {
  it('has nothing at first', async () => {
    expect(await openPersistence(folder).read()).toBeUndefined();
  });

  it('gives back what it was given, also without a copy, without a bundle, unsigned', async () => {
    const whole = state([1, 2, 3]);
    const { history } = whole;
    const unsigned = { revision: '8', signed: undefined, digest: digest('e') };
    for (const each of [
      whole,
      { history, copy: undefined },
      { history: { latest: unsigned, superseded: [] }, copy: undefined },
    ]) {
      await openPersistence(folder).write(each);
      expect(await openPersistence(folder).read()).toEqual(each);
    }
  });

  it('keeps one bundle, and lets nobody else read it', async () => {
    for (const bytes of [[1], [2], [3]]) await openPersistence(folder).write(state(bytes));
    const names = readdirSync(folder);
    expect(names).toHaveLength(2);
    expect(names.map((name) => statSync(join(folder, name)).mode & 0o777)).toEqual([0o600, 0o600]);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  });

  it('has no bundle, but its history, where the file is gone [P11]', async () => {
    await openPersistence(folder).write(state([1, 2, 3]));
    for (const name of readdirSync(folder)) if (name.startsWith('bundle-')) rmSync(join(folder, name));
    expect(await openPersistence(folder).read()).toEqual({ history: state([]).history, copy: undefined });
  });

  it('has no bundle where the file is not the one that the state names [P12]', async () => {
    await openPersistence(folder).write(state([1, 2, 3]));
    const name = readdirSync(folder).find((each) => each.startsWith('bundle-')) ?? '';
    chmodSync(join(folder, name), 0o600);
    writeFileSync(join(folder, name), new Uint8Array([1, 2, 4]));
    const left = await openPersistence(folder).read();
    expect(left?.copy).toBeUndefined();
    expect(left?.history).toEqual(state([]).history);
  });

  it('has the old state or the new one wherever it was cut off, and says so of a state that is neither [P12]', async () => {
    await openPersistence(folder).write(state([1]));
    const path = join(folder, 'state.json');
    const whole = readFileSync(path);
    // A new bundle that was written, with a state that was not.
    writeFileSync(join(folder, `bundle-${digest('f')}.tar.gz`), 'x');
    writeFileSync(join(folder, 'state.json.1.new'), 'half');
    expect(await openPersistence(folder).read()).toEqual(state([1]));
    for (let at = 0; at < whole.length; at += 1) {
      writeFileSync(path, whole.subarray(0, at));
      await expect(openPersistence(folder).read()).rejects.toThrow();
    }
  });
});
