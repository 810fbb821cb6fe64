import type { Matrix } from '../hop.ts';
import type { Tally } from './tally.ts';

/** What nothing used, in the records that were read: candidates for removal, not proof. */
export interface Unused {
  readonly rows: readonly string[];
  /** `row: agent` of rows that were used, by others. */
  readonly agents: readonly string[];
  /** Scopes that only unused rows demand. */
  readonly scopes: readonly string[];
  /** Undefined where the store could not be asked. */
  readonly grants: readonly string[] | undefined;
}

/** @param grants the live grants of the store, where it is known */
export function unusedOf(matrix: Matrix, tally: Tally, grants: readonly string[] | undefined): Unused {
  const hops = [...matrix.hops.values()];
  const isUsed = (id: string): boolean => (tally.rows.get(id)?.used ?? 0) > 0;
  const used = hops.filter(({ id }) => isUsed(id));
  const scopes = new Set(used.flatMap(({ credential }) => credential.scopes));
  return {
    rows: hops.filter(({ id }) => !isUsed(id)).map(({ id }) => id),
    agents: used.flatMap(({ id, agents }) =>
      agents.filter(({ name }) => tally.rows.get(id)?.agents.has(name) !== true).map(({ name }) => `${id}: ${name}`),
    ),
    scopes: [...new Set(hops.flatMap(({ credential }) => credential.scopes))].filter((scope) => !scopes.has(scope)),
    grants: grants?.filter((id) => !tally.grants.has(id)),
  };
}
