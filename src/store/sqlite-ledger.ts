import { createHash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import type { Fact, Facts } from './fact.ts';
import { joinKey } from './join-key.ts';
import type { Ledger } from './ledger.ts';
import { revocationKey } from './revocation-key.ts';

const NOTHING_SPENT = { calls: 0, amount: 0 };

/** A ledger over an open transaction: what it reads is what all processes have written. */
export function sqliteLedger(database: DatabaseSync): Ledger {
  const select = database.prepare('SELECT body FROM fact WHERE kind = ? AND key = ?');
  // REPLACE removes the old row and gives the new one the next number.
  const replace = database.prepare('REPLACE INTO fact (kind, key, body) VALUES (?, ?, ?)');
  const selectUsed = database.prepare('SELECT 1 FROM used WHERE key = ?');
  const insertUsed = database.prepare('INSERT INTO used (key, until) VALUES (?, ?)');
  const get = <Kind extends keyof Facts>(kind: Kind, key: string): Facts[Kind] | undefined => {
    const body = select.get(kind, key)?.['body'];
    return body === undefined ? undefined : (JSON.parse(String(body)) as Facts[Kind]);
  };
  return {
    grant: (id) => get('grant', id),
    spent: (id) => get('spent', id) ?? NOTHING_SPENT,
    approval: (id) => get('approval', id),
    revocation: (kind, key) => get('revocation', joinKey(kind, key)),
    put: (fact) => void replace.run(fact.kind, keyOf(fact), JSON.stringify(fact.value)),
    isUsed: (key) => selectUsed.get(digest(key)) !== undefined,
    use: (key, until) => void insertUsed.run(digest(key), until),
  };
}

function keyOf(fact: Fact): string {
  if (fact.kind !== 'revocation') return fact.value.id;
  const { target } = fact.value;
  return joinKey(target.kind, revocationKey(target));
}

/** Of its JSON, because UTF-8 would make one of two texts that are not well-formed (threats C13). */
function digest(key: string): Uint8Array {
  return createHash('sha256').update(JSON.stringify(key)).digest();
}
