import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { openStore } from '../../src/store/open-store.ts';
import { PEOPLE, personOf } from './issuer.ts';

const DEMO = fileURLToPath(new URL('../../demo/matrix.yaml', import.meta.url));
const DAY_MS = 86_400_000;

/** Where a run's Behalf looks for grants: the matrix, and the store. */
export interface GrantStage {
  readonly matrix: string;
  readonly store: string;
}

/**
 * The demo's matrix, whose row for reading invoices takes stored grants, and a SQLite store that holds one for each person
 * of the run; revocation is asked of it on every Check.
 */
export async function stageStoredGrants(folder: string): Promise<GrantStage> {
  const [matrix, file] = [join(folder, 'matrix.yaml'), join(folder, 'behalf.db')];
  const text = readFileSync(DEMO, 'utf8');
  writeFileSync(matrix, text.replace('grant: token, action: invoices.read', 'grant: stored, action: invoices.read'));
  const store = openStore(`sqlite:${file}`, { log: pino({ level: 'silent' }) });
  await store.ready();
  const kept = Array.from({ length: PEOPLE }, (_, person) =>
    store.createGrant({
      id: `g-${person}`,
      subject: { issuer: 'https://idp.acme.example', id: personOf(person) },
      actor: 'procurement',
      task: `task-${person}`,
      actions: ['invoices.read', 'payments.draft'],
      target: 'https://erp.acme.example',
      context: { region: 'eu' },
      budget: undefined,
      expiresAt: Date.now() + DAY_MS,
      parent: undefined,
    }),
  );
  await Promise.all(kept);
  await store.close();
  return { matrix, store: `sqlite:${file}` };
}

/** The demo as it is: grants in the token, and a store that nothing was written to. */
export function stageTokenGrants(): GrantStage {
  return { matrix: DEMO, store: 'memory:' };
}
