import type { Hop, Matrix } from '../../src/matrix/hop.ts';
import type { Issued } from '../fakes/ca.ts';
import type { Case, CertificateName } from './case-schema.ts';
import type { CaseWorld } from './case-world.ts';
import { makeProof, makeSvid, makeToken, type Token } from './credentials.ts';

/** A request with everything that its case leaves to the row filled in: what is sent, whichever way. */
export interface Prepared {
  /** The row that everything that is left out was taken from. */
  readonly hop: Hop;
  /** The row that the Envoy route names; undefined where none does. */
  readonly named: string | undefined;
  readonly agent: CertificateName;
  readonly client: Issued | undefined;
  readonly method: string;
  readonly host: string;
  readonly path: string;
  /** Name and value in turn, in order; a name may come twice. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string | undefined;
  readonly sni: string | undefined;
  readonly token: Token | undefined;
}

const DEFAULTS: Readonly<Record<string, string>> = { region: 'eu', what: 'permitted', topic: 'orders', object: 'a/b' };

/** The path that fits a row: `eu` for a region, else `7`. */
export function pathOf({ match }: Hop): string {
  const segments = (match.path?.parts ?? []).map((part) =>
    'literal' in part ? part.literal : (DEFAULTS[part.name] ?? '7'),
  );
  return `/${segments.join('/')}`;
}

/** Finds the row that a case is like. */
function rowOf({ name, request }: Case, matrix: Matrix): Hop {
  const id = request.like ?? request.row ?? '';
  const hop = matrix.hops.get(id);
  if (hop === undefined) throw new Error(`case "${name}": the matrix has no row "${id}"; name one in row or like`);
  return hop;
}

/** Makes the request of a case, with credentials that are as fresh as it wants them. */
export async function prepare(one: Case, world: CaseWorld): Promise<Prepared> {
  const { request } = one;
  const hop = rowOf(one, world.matrix);
  const agent = request.agent ?? (hop.agents[0]?.name as CertificateName);
  const client = world.certificates.show(agent);
  const [method, host] = [request.method ?? hop.match.methods[0] ?? '', request.host ?? hop.match.hosts[0] ?? ''];
  const path = request.path ?? pathOf(hop);
  const body = bodyOf(request.body);
  const token = hop.protocol === 'tcp' ? undefined : await makeToken(one, { hop, client, world });
  const proofs =
    token === undefined ? [] : await makeProof(one, { hop, token, world, method, url: `https://${host}${path}` });
  const proven = await makeSvid(one, { hop, world });
  const own = Object.entries(request.headers ?? {}).flatMap(([name, values]) =>
    [values].flat().map((value): [string, string] => [name.toLowerCase(), value]),
  );
  const stated = new Set(own.map(([name]) => name));
  const implied: [string, string][] = [
    ...credentialHeaders(token, hop),
    ...proofs.map((proof): [string, string] => ['dpop', proof]),
    ...(proven === undefined ? [] : ([['x-spiffe-jwt-svid', proven]] as [string, string][])),
    ...contentHeaders(hop, body),
  ];
  return {
    hop,
    named: request.row ?? undefined,
    agent,
    client,
    method,
    host,
    path,
    headers: [...implied.filter(([name]) => !stated.has(name)), ...own],
    body,
    sni: request.sni ?? hop.match.sni,
    token,
  };
}

function credentialHeaders(token: Token | undefined, { credential }: Hop): [string, string][] {
  if (token === undefined) return [];
  return credential.type === 'transaction-token'
    ? [['txn-token', token.text]]
    : [['authorization', `${token.scheme} ${token.text}`]];
}

function contentHeaders({ protocol }: Hop, body: string | undefined): [string, string][] {
  if (protocol === 'grpc')
    return [
      ['content-type', 'application/grpc'],
      ['te', 'trailers'],
    ];
  return body === undefined ? [] : [['content-type', 'application/json']];
}

function bodyOf(body: unknown): string | undefined {
  return body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
}
