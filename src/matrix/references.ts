import { checkAgents } from './references/agents.ts';
import { checkAuthorities } from './references/authorities.ts';
import type { Contradiction } from './references/contradiction.ts';
import { checkCredential } from './references/credential.ts';
import { checkDelegation } from './references/delegation.ts';
import { checkExceptions } from './references/exceptions.ts';
import { checkFailure } from './references/failure.ts';
import { checkOverlaps } from './references/overlaps.ts';
import { checkProtocol } from './references/protocol.ts';
import { unknown } from './references/unknown.ts';
import type { HopFile, MatrixFile } from './schema.ts';

/**
 * Checks what the keys of a matrix say about each other: every name that is used exists, every identity has one owner,
 * every row fits its protocol, no two rows are for the same request.
 * @param issuers the issuers of behalf.yaml, where they are known
 */
export function checkReferences(file: MatrixFile, issuers: readonly string[] | undefined): readonly Contradiction[] {
  return [
    ...checkAuthorities(file, issuers),
    ...checkAgents(file),
    ...Object.entries(file.hops).flatMap(([id, hop]) =>
      [...checkHop(file, id, hop)].map(({ keys, message }) => ({ keys: ['hops', id, ...keys], message })),
    ),
    ...checkOverlaps(file),
    ...checkExceptions(file),
  ];
}

/** Keys are relative to the row. */
function* checkHop(file: MatrixFile, id: string, hop: HopFile): Generator<Contradiction> {
  for (const [index, agent] of hop.agents.entries()) {
    if (!Object.hasOwn(file.agents, agent))
      yield { keys: ['agents', index], message: unknown('agent', agent, file.agents) };
  }
  yield* checkProtocol(hop);
  yield* checkCredential(file, hop);
  yield* checkDelegation(hop);
  yield* checkFailure(file, id, hop);
}
