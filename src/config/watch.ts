import { type FSWatcher, realpathSync, statSync, watch } from 'node:fs';
import { dirname } from 'node:path';

export interface WatchOptions {
  /** Called when the content behind a path may have changed, once things have been quiet for `quietMs`. */
  readonly onChange: () => void;
  readonly quietMs?: number;
  /** How often the files are looked at where the system tells nothing (network mounts, replaced folders). */
  readonly pollMs?: number;
}

export interface FileWatch {
  /**
   * Watches these files from now on, and no others.
   * @param state the fingerprint of what the caller has read: any other state is a change
   */
  follow(paths: readonly string[], state: string): void;
  close(): void;
}

/**
 * Watches files through their folders, so that a rename over them is seen, and the swap of a symbolic link in front of
 * them, which is how Kubernetes updates a mounted ConfigMap (`..data`; threats Y05). A poll is the fallback.
 */
export function watchFiles({ onChange, quietMs = 100, pollMs = 1000 }: WatchOptions): FileWatch {
  let paths: readonly string[] = [];
  let seen = '';
  let watchers: readonly FSWatcher[] = [];
  let quiet: NodeJS.Timeout | undefined;

  /**
   * Waits until our files have not moved for a while: one that is being written must not be read. Other files of the
   * folder may go on changing, as decision records do.
   */
  const settle = (before: string): void => {
    quiet = setTimeout(() => {
      const now = fingerprint(paths);
      quiet = undefined;
      if (now !== before) settle(now);
      else if (now !== seen) {
        seen = now;
        rewatch();
        onChange();
      }
    }, quietMs);
    quiet.unref();
  };
  const touched = (): void => {
    if (quiet === undefined) settle(fingerprint(paths));
  };
  const rewatch = (): void => {
    for (const watcher of watchers) watcher.close();
    watchers = folders(paths).flatMap((folder) => watchFolder(folder, touched));
  };
  const poll = setInterval(() => {
    if (fingerprint(paths) !== seen) touched();
  }, pollMs);
  poll.unref();
  return {
    follow: (next, state) => {
      paths = [...next];
      seen = state;
      rewatch();
    },
    close: () => {
      clearTimeout(quiet);
      clearInterval(poll);
      for (const watcher of watchers) watcher.close();
    },
  };
}

/**
 * What tells one content behind the paths from another, without reading it: where each leads, and when and how that was
 * written. Two equal ones around a read prove that the read saw one state of all files.
 */
export function fingerprint(paths: readonly string[]): string {
  return paths
    .map((path) => {
      try {
        const { dev, ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
        return [path, realpathSync(path), dev, ino, size, mtimeNs, ctimeNs].join(' ');
      } catch {
        return `${path} missing`;
      }
    })
    .join('\n');
}

/** The folders that hold the paths, and those that hold what they lead to. */
function folders(paths: readonly string[]): readonly string[] {
  const found = paths.flatMap((path) => {
    try {
      return [dirname(path), dirname(realpathSync(path))];
    } catch {
      return [dirname(path)];
    }
  });
  return [...new Set(found)];
}

function watchFolder(folder: string, onEvent: () => void): readonly FSWatcher[] {
  try {
    const watcher = watch(folder, { persistent: false }, onEvent);
    // A folder that goes away is the poll's to notice.
    watcher.on('error', () => watcher.close());
    return [watcher];
  } catch {
    return [];
  }
}
