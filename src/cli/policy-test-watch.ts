import { EventEmitter, once } from 'node:events';
import { watch } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

export interface WatchFolderOptions {
  readonly folder: string;
  /** Called with the paths of what was saved, relative to the folder; not again before it is done. */
  readonly onSave: (paths: readonly string[]) => Promise<void>;
  /** Ends the watch. */
  readonly signal: AbortSignal;
}

/** What tests are made from; a bundle that someone builds into the folder is not. */
const SOURCE = /(?:\.rego|\.ya?ml|\.json|(?:^|[/\\])\.manifest)$/;
/** Editors write a file in several steps. */
const QUIET_MS = 50;

/**
 * Calls back after each save below a folder, one at a time, until it is told to end.
 * @throws where the folder cannot be watched any longer
 */
export async function watchFolder({ folder, onSave, signal }: WatchFolderOptions): Promise<void> {
  const saved = new Set<string>();
  const events = new EventEmitter();
  const watcher = watch(folder, { recursive: true }, (_, path) => {
    if (path === null || !SOURCE.test(path)) return;
    saved.add(path);
    events.emit('save');
  });
  watcher.on('error', (error) => events.emit('error', error));
  try {
    while (!signal.aborted) {
      if (saved.size === 0) await nextSave(events, signal);
      else {
        await sleep(QUIET_MS);
        const paths = [...saved];
        saved.clear();
        await onSave(paths);
      }
    }
  } finally {
    watcher.close();
  }
}

async function nextSave(events: EventEmitter, signal: AbortSignal): Promise<void> {
  try {
    await once(events, 'save', { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
