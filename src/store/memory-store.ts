import type { Fact } from './fact.ts';
import { FactsIndex } from './facts-index.ts';
import type { Ledger } from './ledger.ts';
import { perform } from './perform.ts';
import { type Store, StoreError } from './store.ts';
import { storeOver } from './store-over.ts';
import type { Answer, Write } from './write.ts';

/** How long a used key is kept beyond its time, should the clock step back. */
const GRACE_MS = 60_000;
/** How many used keys are looked at, for each new one, whether they may be forgotten. */
const SWEEP = 2;

/** A store that is this process's alone, and is gone with it. */
export function createMemoryStore(now: () => number): Store {
  const index = new FactsIndex();
  const used = new Map<string, number>();
  let isClosed = false;
  const write = (asked: Write): Answer => {
    if (isClosed) throw new StoreError('unavailable', 'the store is closed');
    const facts: Fact[] = [];
    const keys: [string, number][] = [];
    const answer = perform(asked, stagedLedger({ index, used, facts, keys }));
    // Nothing of a write that threw comes this far.
    for (const fact of facts) index.apply(fact);
    for (const [key, until] of keys) used.set(key, until);
    forget(used, keys.length * SWEEP, asked.now - GRACE_MS);
    return answer;
  };
  return storeOver(index, {
    name: 'memory:',
    isDurable: false,
    now,
    // What a write throws must reject.
    write: async (asked) => write(asked),
    staleness: () => 0,
    ready: async () => {},
    close: async () => {
      isClosed = true;
    },
  });
}

interface Staged {
  readonly index: FactsIndex;
  readonly used: ReadonlyMap<string, number>;
  readonly facts: Fact[];
  readonly keys: [string, number][];
}

function stagedLedger({ index, used, facts, keys }: Staged): Ledger {
  return {
    grant: (id) => index.grant(id),
    spent: (id) => index.spent(id),
    approval: (id) => index.approval(id),
    revocation: (kind, key) => index.revocation(kind, key),
    put: (fact) => void facts.push(fact),
    isUsed: (key) => used.has(key),
    use: (key, until) => void keys.push([key, until]),
  };
}

/** Looks at the oldest few: those that must stay go to the end of the queue. */
function forget(used: Map<string, number>, count: number, before: number): void {
  let left = count;
  for (const [key, until] of used) {
    if (left-- === 0) return;
    used.delete(key);
    if (until >= before) used.set(key, until);
  }
}
