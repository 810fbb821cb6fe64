import { compileHop } from './compile-hop.ts';
import type { Authority, Matrix } from './hop.ts';
import type { MatrixSource } from './read-matrix.ts';

/** Resolves every reference in a matrix, so that a Check looks nothing up. */
export function compileMatrix({ file, revision }: Pick<MatrixSource, 'file' | 'revision'>): Matrix {
  const { trustDomain, federates, routing, exceptions } = file;
  const agents = new Map(Object.entries(file.agents).map(([name, agent]) => [name, Object.freeze({ name, ...agent })]));
  const authorities = new Map(
    Object.entries(file.authorities).map(([name, each]): [string, Authority] => [
      name,
      Object.freeze({
        name,
        kind: each.kind,
        issuer: each.kind === 'spiffe' ? undefined : each.issuer,
        owner: each.owner,
        grants: each.kind !== 'spiffe' && each.grants,
      }),
    ]),
  );
  const hops = Object.entries(file.hops).map(([id, hop]) => compileHop(id, hop, { agents, authorities, exceptions }));
  return Object.freeze({
    revision,
    trustDomain,
    trustDomains: new Set([trustDomain, ...federates]),
    routing,
    agents: Object.freeze([...agents.values()]),
    hops: new Map(hops.map((hop) => [hop.id, hop])),
  });
}
