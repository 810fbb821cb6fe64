import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { createLog } from '../log.ts';
import { loadMatrix } from '../matrix/compile.ts';
import type { Matrix } from '../matrix/hop.ts';
import { openStore } from '../store/open-store.ts';
import { type Store, StoreError } from '../store/store.ts';
import { StartError } from './failure.ts';
import type { CommonOptions, Terminal } from './terminal.ts';

/** What a verb that reads or writes the store works with. */
export interface StoreSession {
  readonly config: Config;
  readonly matrix: Matrix;
  readonly store: Store;
}

/**
 * Opens the store that the config names for one verb, and closes it whatever happens.
 * @throws ConfigError; StartError where the store cannot be used, or would forget what it is told
 */
export async function withStore<Result>(
  options: CommonOptions,
  { env }: Terminal,
  use: (session: StoreSession) => Promise<Result>,
): Promise<Result> {
  const { config } = loadConfig({ path: options.config, env, set: options.set ?? [], secrets: 'warn' });
  if (config.store === 'memory:') {
    throw new StartError(
      `store: memory: is inside the running process, and nobody else can reach it; set store: sqlite:./behalf.db in ${options.config}, and restart`,
    );
  }
  const matrix = loadMatrix(config.matrix, { issuers: config.issuers.map(({ issuer }) => issuer) });
  const store = openStore(config.store, { log: createLog({ level: 'silent' }) });
  try {
    await store.ready();
    return await use({ config, matrix, store });
  } catch (error) {
    if (error instanceof StoreError) throw new StartError(error.message, { cause: error });
    throw error;
  } finally {
    await store.close();
  }
}
