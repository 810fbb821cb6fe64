import { createHash } from 'node:crypto';
import { ConfigError } from '../config/problem.ts';
import { checkShape } from '../config/shape.ts';
import { dotted, readStrictYaml } from '../config/strict-yaml.ts';
import { parseContextSource } from './context-source.ts';
import type { Agent, Authority, Hop, Matrix } from './hop.ts';
import { parsePathTemplate } from './path-template.ts';
import { checkReferences } from './references.ts';
import { type HopFile, LATER_MATRIX_KEYS, type MatrixFile, matrixSchema } from './schema.ts';

export interface LoadMatrixOptions {
  /** The issuers of behalf.yaml: each oidc authority must be one of them. Not checked where it is left out. */
  readonly issuers?: readonly string[];
}

/**
 * Reads matrix.yaml and resolves every reference in it, so that a Check looks nothing up.
 * @throws ConfigError with every problem and its place
 */
export function loadMatrix(path: string, { issuers }: LoadMatrixOptions = {}): Matrix {
  const yaml = readStrictYaml(path);
  const shape = checkShape(matrixSchema, yaml.value, { where: yaml.where, later: LATER_MATRIX_KEYS });
  if ('problems' in shape) throw new ConfigError(shape.problems);
  const contradictions = checkReferences(shape.data, issuers);
  if (contradictions.length > 0) {
    throw new ConfigError(
      contradictions.map(({ keys, message }) => ({ where: yaml.where(keys), message: `${dotted(keys)}: ${message}` })),
    );
  }
  return compile(shape.data, createHash('sha256').update(yaml.bytes).digest('hex').slice(0, 12));
}

function compile(file: MatrixFile, revision: string): Matrix {
  const { trustDomain, federates, routing } = file;
  const agents = new Map(Object.entries(file.agents).map(([name, agent]) => [name, Object.freeze({ name, ...agent })]));
  const authorities = new Map(
    Object.entries(file.authorities).map(([name, each]): [string, Authority] => [
      name,
      Object.freeze({
        name,
        kind: each.kind,
        issuer: each.kind === 'oidc' ? each.issuer : undefined,
        owner: each.owner,
        grants: each.kind === 'oidc' && each.grants,
      }),
    ]),
  );
  const hops = Object.entries(file.hops).map(([id, hop]) => compileHop(id, hop, { agents, authorities }));
  return Object.freeze({
    revision,
    trustDomain,
    trustDomains: new Set([trustDomain, ...federates]),
    routing,
    agents: Object.freeze([...agents.values()]),
    hops: new Map(hops.map((hop) => [hop.id, hop])),
  });
}

interface Parts {
  readonly agents: ReadonlyMap<string, Agent>;
  readonly authorities: ReadonlyMap<string, Authority>;
}

function compileHop(id: string, hop: HopFile, { agents, authorities }: Parts): Hop {
  const { description, protocol, boundary, match, credential, sender, delegation } = hop;
  const authority = authorities.get(credential.authority);
  // checkReferences has proved both; a hole here would be a bug, and must not become a row that asks for less.
  if (authority?.issuer === undefined) throw new TypeError(`row ${id}: authority without issuer`);
  const named = hop.agents.map((name) => {
    const agent = agents.get(name);
    if (agent === undefined) throw new TypeError(`row ${id}: unknown agent`);
    return agent;
  });
  return Object.freeze({
    id,
    description,
    protocol,
    boundary,
    match: Object.freeze({ hosts: match.hosts, methods: match.methods, path: parsePathTemplate(match.path) }),
    agents: Object.freeze(named),
    credential: Object.freeze({ ...credential, authority, issuer: authority.issuer }),
    sender,
    delegation: Object.freeze({
      mode: delegation.mode,
      grant: 'token',
      action: delegation.action,
      context: Object.freeze(
        Object.fromEntries(
          Object.entries(delegation.context).map(([key, source]) => [key, parseContextSource(source)]),
        ),
      ),
    }),
  });
}
