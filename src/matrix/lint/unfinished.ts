import type { Draft, World } from './finding.ts';

/** What `matrix learn` leaves to be decided. */
const HOLE = /\bTODO\b/;

/** A draft is no matrix: its holes are found, and an approval that binds nothing is one too. */
export function* lintUnfinished({ file, matrix }: World): Generator<Draft> {
  for (const [name, each] of Object.entries(file.authorities)) {
    if (each.kind !== 'spiffe' && HOLE.test(`${each.issuer} ${each.owner}`))
      yield hole(['authorities', name], `authority "${name}"`);
  }
  for (const [id, hop] of Object.entries(file.hops)) {
    for (const key of ['description', 'boundary', 'credential', 'delegation'] as const) {
      if (HOLE.test(JSON.stringify(hop[key]))) yield { ...hole(['hops', id, key], key), hop: id };
    }
  }
  for (const { id, delegation } of matrix.hops.values()) {
    if (delegation.approval === undefined || delegation.approval.body.length > 0) continue;
    const message =
      'has approvals that bind no field of the body: what was approved may not be what is done; name them';
    const keys = ['hops', id, 'delegation', 'approval'];
    yield { rule: 'approval-unbound', severity: 'warning', hop: id, keys, message };
  }
}

function hole(keys: readonly string[], what: string): Draft {
  return { rule: 'unfinished', severity: 'error', keys, message: `${what} still says TODO; decide it` };
}
