/**
 * Another process with a store of its own on the same file. Run by `fork`, this file is that process; imported, it starts
 * one.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createLog } from '../../src/log.ts';
import { openStore } from '../../src/store/open-store.ts';
import type { RevocationTarget, Spending, SpendResult, Store } from '../../src/store/store.ts';
import { stopChild } from './stop-child.ts';

type Ask =
  | { readonly what: 'ready' }
  | { readonly what: 'createGrant'; readonly grant: Parameters<Store['createGrant']>[0] }
  | { readonly what: 'revoke'; readonly target: RevocationTarget }
  | { readonly what: 'spend'; readonly spendings: readonly Spending[] };

interface Reply {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

export interface StoreProcess {
  createGrant(grant: Parameters<Store['createGrant']>[0]): Promise<unknown>;
  revoke(target: RevocationTarget): Promise<unknown>;
  /** All at once; a spending that was rejected is its message. */
  spend(spendings: readonly Spending[]): Promise<readonly (SpendResult | string)[]>;
  /** Ends it without a word, as a crash does. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a process with a patient store; resolves once that is ready. @param name such as `sqlite:FILE` */
export async function startStoreProcess(name: string): Promise<StoreProcess> {
  const child = fork(fileURLToPath(import.meta.url), [name], { execArgv: [], stdio: ['ignore', 2, 2, 'ipc'] });
  const waiting = new Map<number, (reply: Reply) => void>();
  let lastId = 0;
  child.on('message', (reply: Reply) => waiting.get(reply.id)?.(reply));
  child.on('exit', () => {
    for (const [id, settle] of waiting) settle({ id, error: 'the process ended' });
  });
  const ask = async (asked: Ask): Promise<unknown> => {
    const id = ++lastId;
    const replied = new Promise<Reply>((resolve) => waiting.set(id, resolve));
    child.send({ id, asked });
    const { value, error } = await replied;
    waiting.delete(id);
    if (error !== undefined) throw new Error(error);
    return value;
  };
  await ask({ what: 'ready' });
  return {
    createGrant: (grant) => ask({ what: 'createGrant', grant }),
    revoke: (target) => ask({ what: 'revoke', target }),
    spend: async (spendings) => (await ask({ what: 'spend', spendings })) as readonly (SpendResult | string)[],
    kill: async () => {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
    stop: () => stopChild(child, 5000),
  };
}

function answer(store: Store, asked: Ask): Promise<unknown> {
  switch (asked.what) {
    case 'ready':
      return store.ready();
    case 'createGrant':
      return store.createGrant(asked.grant);
    case 'revoke':
      return store.revoke(asked.target, { by: 'another process', reason: 'test' });
    case 'spend':
      return Promise.all(asked.spendings.map((spending) => store.spend(spending).catch(String)));
    default:
      return asked satisfies never;
  }
}

function reply(message: Reply): void {
  process.send?.(message);
}

function serve(name: string): void {
  const store = openStore(name, { log: createLog({ level: 'silent' }), spendWithin: 5000 });
  process.on('message', ({ id, asked }: { readonly id: number; readonly asked: Ask }) => {
    answer(store, asked).then(
      (value) => reply({ id, value }),
      (error: unknown) => reply({ id, error: String(error) }),
    );
  });
  process.on('SIGTERM', () => void store.close().finally(() => process.exit(0)));
  process.on('disconnect', () => process.exit(0));
}

const [, script, name] = process.argv;
if (script === fileURLToPath(import.meta.url) && name !== undefined) serve(name);
