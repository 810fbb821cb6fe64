import { parseContextSource } from './context-source.ts';
import type { Agent, Authority, Credential, Hop, Match } from './hop.ts';
import { parsePathTemplate } from './path-template.ts';
import type { HopFile, MatrixFile } from './schema.ts';

/** What a row may refer to. */
export interface HopParts {
  readonly agents: ReadonlyMap<string, Agent>;
  readonly authorities: ReadonlyMap<string, Authority>;
  readonly exceptions: MatrixFile['exceptions'];
}

/** One row with every reference resolved, and nothing left to be changed. */
export function compileHop(id: string, hop: HopFile, parts: HopParts): Hop {
  const { description, protocol, boundary, sender, revocation, stream } = hop;
  return deepFreeze({
    id,
    description,
    protocol,
    boundary,
    match: compileMatch(id, hop),
    agents: hop.agents.map((name) => found(parts.agents.get(name), `row ${id}: unknown agent`)),
    credential: compileCredential(id, hop, parts),
    sender,
    peer: hop.peer,
    delegation: compileDelegation(hop),
    revocation,
    onFailure: hop.onFailure,
    rollout: hop.rollout,
    stream,
    exceptions: parts.exceptions
      .filter((each) => each.hop === id)
      .map(({ rule, owner, reason, expires }) => ({ rule, owner, reason, expires })),
  });
}

function compileMatch(id: string, { protocol, match }: HopFile): Match {
  const { hosts = [], methods = [], path, mcp, topic, destination, sni } = match;
  if (path === undefined && protocol !== 'tcp') throw new TypeError(`row ${id}: no path`);
  const template = path === undefined ? undefined : parsePathTemplate(path);
  return { hosts, methods, path: template, mcp, topic, destination, sni };
}

/** `mtls-only` has no token: what is said of tokens fits none. */
function compileCredential(id: string, { credential }: HopFile, { authorities }: HopParts): Credential {
  const authority = found(authorities.get(credential.authority), `row ${id}: unknown authority`);
  if (credential.type === 'mtls-only') {
    return { type: credential.type, authority, issuer: '', audience: '', scopes: [], maxLifetime: 0 };
  }
  return { ...credential, authority, issuer: found(authority.issuer, `row ${id}: authority without issuer`) };
}

function compileDelegation({ delegation }: HopFile): Hop['delegation'] {
  const { mode, grant, action, context, recheck, approval } = delegation;
  const sources = Object.entries(context).map(([key, source]) => [key, parseContextSource(source)]);
  return {
    mode,
    grant,
    action,
    context: Object.fromEntries(sources) as Hop['delegation']['context'],
    recheck: recheck !== undefined,
    approval,
  };
}

/** checkReferences has proved that it is there; a hole here would be a bug, and must not become a row that asks less. */
function found<Value>(value: Value | undefined, message: string): Value {
  if (value === undefined) throw new TypeError(message);
  return value;
}

function deepFreeze<Value extends object>(value: Value): Value {
  for (const each of Object.values(value)) {
    if (typeof each === 'object' && each !== null && !Object.isFrozen(each)) deepFreeze(each);
  }
  return Object.freeze(value);
}
