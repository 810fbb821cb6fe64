import { parsePathTemplate } from '../path-template.ts';
import type { HopFile } from '../schema.ts';
import type { Contradiction } from './contradiction.ts';

type Protocol = HopFile['protocol'];
type MatchKey = keyof HopFile['match'];

const ON_HTTP: readonly MatchKey[] = ['hosts', 'methods', 'path'];

/** What each protocol has beside, or in place of, host, method and path. */
const OWN_KEYS: Readonly<Record<Protocol, readonly MatchKey[]>> = {
  http: [],
  grpc: [],
  sdk: [],
  mcp: ['mcp'],
  tcp: ['destination', 'sni'],
  'queue.publish': ['topic'],
  'queue.consume': ['topic'],
};

const METHODS: Partial<Record<Protocol, { readonly only: readonly string[]; readonly why: string }>> = {
  grpc: { only: ['POST'], why: 'a gRPC request is always a POST; write [POST]' },
  mcp: { only: ['POST', 'GET', 'DELETE'], why: 'an MCP client uses POST, GET and DELETE' },
};

/** A row's `match` has what its protocol shows, and nothing that it does not. Keys are relative to the row. */
export function* checkProtocol(hop: HopFile): Generator<Contradiction> {
  const { protocol, match } = hop;
  const keys = protocol === 'tcp' ? OWN_KEYS.tcp : [...ON_HTTP, ...OWN_KEYS[protocol]];
  for (const key of Object.keys(match) as MatchKey[]) {
    if (match[key] !== undefined && !keys.includes(key))
      yield { keys: ['match', key], message: `a row of protocol ${protocol} has no ${key}; remove it` };
  }
  for (const key of protocol === 'tcp' ? [] : [...ON_HTTP, ...(protocol === 'mcp' ? (['mcp'] as const) : [])]) {
    if (match[key] === undefined)
      yield { keys: ['match'], message: `the key "${key}" is missing: a row of protocol ${protocol} needs it` };
  }
  const rule = METHODS[protocol];
  if (rule !== undefined && match.methods?.some((method) => !rule.only.includes(method)))
    yield { keys: ['match', 'methods'], message: rule.why };
  if (protocol === 'grpc') yield* checkGrpc(match);
  if (protocol === 'mcp') yield* checkMcp(hop);
  if (protocol === 'tcp') yield* checkTcp(hop);
  yield* checkTopic(match);
}

/** https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md: `/` Service-Name `/` method name. */
function* checkGrpc({ path }: HopFile['match']): Generator<Contradiction> {
  if (path === undefined) return;
  const { parts } = parsePathTemplate(path);
  const [service, method, ...rest] = parts;
  const isCall = service !== undefined && 'literal' in service && method !== undefined && rest.length === 0;
  if (!isCall || ('tail' in method && method.tail) || ('literal' in method && method.literal === ''))
    yield { keys: ['match', 'path'], message: 'a gRPC path is /package.Service/Method' };
}

function* checkMcp({ match, credential }: HopFile): Generator<Contradiction> {
  if (match.mcp !== undefined && match.mcp.tools.length > 0 && !match.mcp.methods.includes('tools/call'))
    yield { keys: ['match', 'mcp', 'tools'], message: 'tools count for tools/call alone; add it to methods' };
  if (!('audience' in credential)) return;
  // RFC 8707 §2 and the MCP authorization spec: the audience is the canonical URI of the server.
  const url = URL.canParse(credential.audience) ? new URL(credential.audience) : undefined;
  if (url?.protocol !== 'https:' || url.search !== '' || url.hash !== '')
    yield { keys: ['credential', 'audience'], message: 'must be the https URL of the MCP server, without query' };
}

function* checkTcp({ match, credential, peer, onFailure }: HopFile): Generator<Contradiction> {
  if (match.destination === undefined && match.sni === undefined)
    yield { keys: ['match'], message: 'a row of protocol tcp needs a destination, an sni, or both' };
  if (credential.type !== 'mtls-only')
    yield { keys: ['credential', 'type'], message: 'a connection carries no token; use mtls-only' };
  if (peer.from !== 'connection')
    yield { keys: ['peer', 'from'], message: 'a connection carries no header; use connection' };
  if (onFailure !== 'deny')
    yield { keys: ['onFailure'], message: 'a connection that is refused is closed, and told nothing; use deny' };
}

function* checkTopic({ path, topic }: HopFile['match']): Generator<Contradiction> {
  if (topic === undefined || path === undefined) return;
  const segment = parsePathTemplate(path).parts.find((part) => 'name' in part && part.name === 'topic');
  if (segment === undefined)
    yield { keys: ['match', 'topic'], message: 'the path has no segment {topic} that would show it' };
  else if (topic.includes('/') && !('tail' in segment && segment.tail))
    yield { keys: ['match', 'topic'], message: 'has a "/", so that the path needs {topic+}' };
}
