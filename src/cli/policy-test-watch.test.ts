import { EventEmitter, once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folderOf } from '../../test/fakes/policy-folder.ts';
import { watchFolder } from './policy-test-watch.ts';

/** Watches a folder, and gives what was saved, one after another. */
function watched(folder: string) {
  const saves: string[] = [];
  const heard = new EventEmitter();
  const controller = new AbortController();
  const over = watchFolder({
    folder,
    signal: controller.signal,
    onSave: async (paths) => {
      saves.push(...paths);
      heard.emit('save');
      await Promise.resolve();
    },
  });
  const stop = async (): Promise<void> => {
    controller.abort();
    await over;
  };
  return { saves, next: () => once(heard, 'save'), stop };
}

describe('watching a folder', () => {
  it('calls back for each save of a source, in folders below too, and for nothing else', async () => {
    const folder = folderOf({ 'a.rego': '1', 'suites/s.yaml': '1' });
    const { saves, next, stop } = watched(folder);
    for (const name of ['a.rego', join('suites', 's.yaml')]) {
      const saved = next();
      writeFileSync(join(folder, 'bundle.tar.gz'), name);
      writeFileSync(join(folder, name), '2');
      await saved;
    }
    await stop();
    expect([...new Set(saves)]).toEqual(['a.rego', join('suites', 's.yaml')]);
  });

  it('ends when it is told, and lets go of the folder', async () => {
    const folder = folderOf({ 'a.rego': '1' });
    const { saves, stop } = watched(folder);
    await stop();
    writeFileSync(join(folder, 'a.rego'), '2');
    expect(saves).toEqual([]);
  });
});
