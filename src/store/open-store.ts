import type { Logger } from '../log.ts';
import { createMemoryStore } from './memory-store.ts';
import { openSqliteStore } from './sqlite-store.ts';
import { type Store, StoreError } from './store.ts';

const SQLITE = 'sqlite:';

export interface OpenOptions {
  readonly log: Logger;
  readonly now?: () => number;
  /** How long a spending may take before it is denied, in milliseconds; 100 unless a test has a slow machine. */
  readonly spendWithin?: number;
}

/**
 * Opens the store that a configuration names: `memory:`, or `sqlite:FILE` with FILE relative to the working directory.
 * Nothing is read yet: wait for `ready()`, which says where it cannot be used.
 * @throws StoreError `refused` where the name is not a store's
 */
export function openStore(name: string, options: OpenOptions): Store {
  const { log, now = Date.now, spendWithin } = options;
  if (name === 'memory:') return createMemoryStore(now);
  const file = name.startsWith(SQLITE) ? name.slice(SQLITE.length) : '';
  if (file === '' || file.startsWith(':') || file.includes('\0')) {
    throw new StoreError('refused', 'a store is memory: or sqlite:FILE');
  }
  return openSqliteStore(file, { log, now, spendWithin });
}
