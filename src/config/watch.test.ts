import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type FileWatch, fingerprint, watchFiles } from './watch.ts';

let folder: string;
let path: string;
let changes: number;
let watch: FileWatch;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'behalf-watch-'));
  path = join(folder, 'a.yaml');
  changes = 0;
});

afterEach(() => watch.close());

function start(paths: readonly string[] = [path], pollMs = 60_000): void {
  watch = watchFiles({ onChange: () => (changes += 1), quietMs: 20, pollMs });
  watch.follow(paths, fingerprint(paths));
}

const seen = (count: number) => vi.waitFor(() => expect(changes).toBe(count), { timeout: 5000, interval: 10 });
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('watchFiles', () => {
  it('sees a file that is written, replaced, removed and made again', async () => {
    writeFileSync(path, 'a');
    start();
    writeFileSync(path, 'longer');
    await seen(1);
    writeFileSync(`${path}.new`, 'replaced');
    renameSync(`${path}.new`, path);
    await seen(2);
    rmSync(path);
    await seen(3);
    writeFileSync(path, 'again');
    await seen(4);
  });

  it('sees the swap of the symbolic link that Kubernetes puts before a ConfigMap (Y05)', async () => {
    for (const version of ['..1', '..2', '..3']) {
      mkdirSync(join(folder, version));
      writeFileSync(join(folder, version, 'a.yaml'), version);
    }
    symlinkSync('..1', join(folder, '..data'));
    symlinkSync('..data/a.yaml', path);
    start();
    for (const [index, version] of ['..2', '..3'].entries()) {
      symlinkSync(version, join(folder, '..tmp'));
      renameSync(join(folder, '..tmp'), join(folder, '..data'));
      await seen(index + 1);
    }
  });

  it('finds a change by looking, where the system tells nothing', async () => {
    const late = join(folder, 'not-yet', 'a.yaml');
    start([late], 20);
    mkdirSync(join(folder, 'not-yet'));
    writeFileSync(late, 'a');
    await seen(1);
  });

  it('counts a state other than the one that was read as a change', async () => {
    writeFileSync(path, 'a');
    const before = fingerprint([path]);
    writeFileSync(path, 'ab');
    watch = watchFiles({ onChange: () => (changes += 1), quietMs: 20, pollMs: 20 });
    watch.follow([path], before);
    await seen(1);
  });

  it('takes several writes in a row as one change, and other files as none', async () => {
    writeFileSync(path, 'a');
    start();
    for (let size = 2; size < 8; size += 1) {
      writeFileSync(path, 'a'.repeat(size));
      await pause(5);
    }
    await seen(1);
    writeFileSync(join(folder, 'records.ndjson'), '{}');
    await pause(100);
    expect(changes).toBe(1);
  });

  it('is not kept waiting by a neighbour that changes all the time', async () => {
    writeFileSync(path, 'a');
    start();
    const busy = setInterval(() => writeFileSync(join(folder, 'records.ndjson'), String(Math.random())), 2);
    try {
      await pause(50);
      writeFileSync(path, 'ab');
      await seen(1);
    } finally {
      clearInterval(busy);
    }
  });

  it('is silent once closed', async () => {
    writeFileSync(path, 'a');
    start([path], 20);
    watch.close();
    writeFileSync(path, 'ab');
    await pause(100);
    expect(changes).toBe(0);
  });
});
