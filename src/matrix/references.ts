import { suggest } from '../config/suggest.ts';
import { parseContextSource } from './context-source.ts';
import { type PathTemplate, parsePathTemplate } from './path-template.ts';
import type { HopFile, MatrixFile } from './schema.ts';

/** A key that contradicts another one. */
export interface Contradiction {
  readonly keys: readonly PropertyKey[];
  readonly message: string;
}

/**
 * Checks what the keys of a matrix say about each other: every name that is used exists, every identity has one owner,
 * no two rows are for the same request.
 * @param issuers the issuers of behalf.yaml, where they are known
 */
export function checkReferences(file: MatrixFile, issuers: readonly string[] | undefined): readonly Contradiction[] {
  const { hops } = file;
  return [
    ...checkDomains(file),
    ...checkAuthorities(file, issuers),
    ...checkAgents(file),
    ...Object.entries(hops).flatMap(([id, hop]) => [...checkHop(file, id, hop)]),
    ...checkOverlaps(file),
  ];
}

function* checkDomains({ trustDomain, federates }: MatrixFile): Generator<Contradiction> {
  const index = federates.indexOf(trustDomain);
  if (index >= 0) yield { keys: ['federates', index], message: 'this is trustDomain itself; remove it' };
}

function* checkAuthorities(
  { authorities }: MatrixFile,
  issuers: readonly string[] | undefined,
): Generator<Contradiction> {
  const owners = new Map<string, string>();
  for (const [name, authority] of Object.entries(authorities)) {
    if (authority.kind !== 'oidc') continue;
    const keys = ['authorities', name, 'issuer'];
    const other = owners.get(authority.issuer);
    if (other !== undefined)
      yield { keys, message: `is the issuer of authority "${other}" too; one identity has one authority` };
    owners.set(authority.issuer, name);
    if (issuers !== undefined && !issuers.includes(authority.issuer)) {
      yield { keys, message: `behalf.yaml has no issuers entry of this issuer${hint(authority.issuer, issuers)}` };
    }
  }
}

function* checkAgents({ agents, authorities, trustDomain, federates }: MatrixFile): Generator<Contradiction> {
  const names = new Map<string, string>();
  for (const [name, { spiffeId, clientIds }] of Object.entries(agents)) {
    const keys = ['agents', name, 'spiffeId'];
    const domain = spiffeId.split('/')[2] ?? '';
    if (domain !== trustDomain && !federates.includes(domain)) {
      yield { keys, message: `its trust domain "${domain}" is neither trustDomain nor in federates` };
    }
    yield* claim(names, keys, spiffeId, name);
    for (const [authority, clientId] of Object.entries(clientIds)) {
      const at = ['agents', name, 'clientIds', authority];
      if (authorities[authority]?.kind !== 'oidc')
        yield { keys: at, message: unknown('authority of kind oidc', authority, authorities) };
      yield* claim(names, at, `${authority} ${clientId}`, name);
    }
  }
}

/** One identity, one agent: else it would be the order of the file that says who acts. */
function* claim(
  names: Map<string, string>,
  keys: readonly string[],
  identity: string,
  agent: string,
): Generator<Contradiction> {
  const other = names.get(identity);
  if (other !== undefined) yield { keys, message: `names agent "${other}" too; one identity is one agent` };
  names.set(identity, agent);
}

function* checkHop(file: MatrixFile, id: string, hop: HopFile): Generator<Contradiction> {
  for (const [index, agent] of hop.agents.entries()) {
    if (!Object.hasOwn(file.agents, agent))
      yield { keys: ['hops', id, 'agents', index], message: unknown('agent', agent, file.agents) };
  }
  yield* checkCredential(file, id, hop);
  if (hop.protocol === 'grpc' && hop.match.methods.some((method) => method !== 'POST')) {
    yield { keys: ['hops', id, 'match', 'methods'], message: 'a gRPC request is always a POST; write [POST]' };
  }
  const { names } = parsePathTemplate(hop.match.path);
  for (const [key, source] of Object.entries(hop.delegation.context)) {
    const keys = ['hops', id, 'delegation', 'context', key];
    const { from, name } = parseContextSource(source);
    if (from === 'path' && !names.includes(name)) {
      yield { keys, message: `the path has no segment {${name}}${hint(name, names)}` };
    }
    if (from === 'body' && hop.protocol === 'grpc') yield { keys, message: 'a gRPC request has no JSON body to read' };
  }
}

function* checkCredential(file: MatrixFile, id: string, { credential, delegation }: HopFile): Generator<Contradiction> {
  const keys = ['hops', id, 'credential', 'authority'];
  const authority = Object.hasOwn(file.authorities, credential.authority)
    ? file.authorities[credential.authority]
    : undefined;
  if (authority === undefined) {
    yield { keys, message: unknown('authority', credential.authority, file.authorities) };
  } else if (authority.kind !== 'oidc') {
    yield { keys, message: `authority "${credential.authority}" issues no tokens; name one of kind oidc` };
  } else if (delegation.mode !== 'forbidden' && !authority.grants) {
    const message = `authority "${credential.authority}" may not assert grants; set grants: true on it, or name another`;
    yield { keys: ['hops', id, 'delegation', 'grant'], message };
  }
}

function* checkOverlaps({ hops, routing }: MatrixFile): Generator<Contradiction> {
  const rows = Object.entries(hops);
  for (const [index, [id, hop]] of rows.entries()) {
    const other = rows.slice(0, index).find(([, earlier]) => canMatchSame(earlier, hop, routing === 'match'));
    if (other === undefined) continue;
    const message = `row "${other[0]}" is for the same requests; one request has one row`;
    yield { keys: ['hops', id, 'match'], message };
  }
}

/**
 * True where one request fits both rows. With `routing: explicit` the Envoy route chooses between overlapping templates,
 * so only templates of the same shape are a contradiction.
 */
function canMatchSame(a: HopFile, b: HopFile, anyOverlap: boolean): boolean {
  if (
    a.protocol !== b.protocol ||
    !shareOne(a.match.hosts, b.match.hosts) ||
    !shareOne(a.match.methods, b.match.methods)
  ) {
    return false;
  }
  const [left, right] = [parsePathTemplate(a.match.path), parsePathTemplate(b.match.path)];
  return anyOverlap ? overlap(left, right) : shape(left) === shape(right);
}

function shareOne(a: readonly string[], b: readonly string[]): boolean {
  return a.some((item) => b.includes(item));
}

function shape({ parts }: PathTemplate): string {
  return parts.map((part) => ('literal' in part ? part.literal : part.tail ? '{+}' : '{}')).join('/');
}

function overlap({ parts: a }: PathTemplate, { parts: b }: PathTemplate): boolean {
  for (let index = 0; index < Math.max(a.length, b.length); index += 1) {
    const [left, right] = [a[index], b[index]];
    if (left === undefined || right === undefined) return false;
    if (isEmpty(left) !== isEmpty(right)) return false;
    if (('tail' in left && left.tail) || ('tail' in right && right.tail)) return true;
    if ('literal' in left && 'literal' in right && left.literal !== right.literal) return false;
  }
  return true;
}

/** The segment behind a slash at the end: no name and no tail ever matches it (path-template.ts). */
function isEmpty(part: PathTemplate['parts'][number]): boolean {
  return 'literal' in part && part.literal === '';
}

function unknown(what: string, name: string, known: Readonly<Record<string, unknown>>): string {
  return `there is no ${what} "${name}"${hint(name, Object.keys(known))}`;
}

function hint(word: string, candidates: readonly string[]): string {
  const meant = suggest(word, candidates);
  return meant === undefined ? '' : `; did you mean "${meant}"?`;
}
