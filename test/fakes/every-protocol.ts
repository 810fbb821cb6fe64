/** A matrix with a row of every protocol and everything that a route can be told; not read from a file. */
import type { Hop, Match, Matrix } from '../../src/matrix/hop.ts';
import { parsePathTemplate } from '../../src/matrix/path-template.ts';

const AGENT = { name: 'worker', spiffeId: 'spiffe://prod.acme.example/ns/agents/sa/worker', clientIds: {} };
const AUTHORITY = {
  name: 'workforce',
  kind: 'oidc',
  issuer: 'https://idp.acme.example',
  owner: 'iam',
  grants: true,
} as const;

type Change = Omit<Partial<Hop>, 'match'> & { readonly match?: Partial<Match> };

/** One row; an http row for GET /v1/things/{id} unless something else is said. */
export function row(id: string, { match = {}, ...change }: Change = {}): Hop {
  return {
    id,
    description: id,
    protocol: 'http',
    boundary: 'agents -> tools',
    match: {
      hosts: ['tool.acme.example'],
      methods: ['GET'],
      path: parsePathTemplate('/v1/things/{id}'),
      mcp: undefined,
      topic: undefined,
      destination: undefined,
      sni: undefined,
      ...match,
    },
    agents: [AGENT],
    credential: {
      type: 'access-token',
      authority: AUTHORITY,
      issuer: AUTHORITY.issuer,
      audience: 'https://tool.acme.example',
      scopes: ['things:read'],
      maxLifetime: 3600,
    },
    sender: 'peer',
    peer: { from: 'connection' },
    delegation: {
      mode: 'required',
      grant: 'stored',
      action: 'things.read',
      context: {},
      recheck: false,
      approval: undefined,
    },
    revocation: undefined,
    onFailure: 'deny',
    rollout: { mode: 'enforce' },
    stream: undefined,
    exceptions: [],
    ...change,
  };
}

/** A compiled matrix of these rows. */
export function matrixOf(rows: readonly Hop[], routing: Matrix['routing'] = 'explicit'): Matrix {
  return {
    revision: '0123456789ab',
    trustDomain: 'prod.acme.example',
    trustDomains: new Set(['prod.acme.example']),
    routing,
    agents: [AGENT],
    hops: new Map(rows.map((each) => [each.id, each])),
  };
}

const path = parsePathTemplate;
const mcpHost = { hosts: ['mcp.acme.example'], methods: ['POST'], path: path('/mcp') };
const mcpCredential = { ...row('x').credential, audience: 'https://mcp.acme.example/mcp', scopes: ['tools:call'] };

/** All protocols; two mcp rows share one endpoint. */
export const EVERY_PROTOCOL: readonly Hop[] = [
  row('things.read', { match: { methods: ['GET', 'HEAD'] } }),
  row('things.tail', { match: { path: path('/files/{rest+}'), methods: ['PUT'] } }),
  row('things.odd', { match: { path: path("/v1/o'dd.(x)+$*/{id}") } }),
  row('things.pay', {
    match: { methods: ['POST'], path: path('/v1/payments') },
    delegation: { ...row('x').delegation, approval: { when: 'always', body: ['/amount'], maxBytes: 4096 } },
  }),
  row('watch', { match: { path: path('/v1/watch') }, stream: { maxDuration: 900 } }),
  row('ledger.post', {
    protocol: 'grpc',
    match: { hosts: ['ledger.acme.example'], methods: ['POST'], path: path('/acme.Ledger/Post') },
  }),
  row('mcp.search', {
    protocol: 'mcp',
    credential: mcpCredential,
    match: { ...mcpHost, mcp: { methods: ['tools/call'], tools: ['search'] } },
  }),
  row('mcp.list', {
    protocol: 'mcp',
    credential: mcpCredential,
    match: { ...mcpHost, mcp: { methods: ['initialize', 'tools/list'], tools: [] } },
  }),
  row('orders.publish', {
    protocol: 'queue.publish',
    match: { hosts: ['queue.acme.example'], methods: ['POST'], path: path('/topics/{topic}'), topic: 'orders' },
  }),
  row('orders.consume', {
    protocol: 'queue.consume',
    match: { hosts: ['queue.acme.example'], methods: ['GET'], path: path('/topics/{topic}/next'), topic: 'orders' },
  }),
  row('cloud.put', {
    protocol: 'sdk',
    match: { hosts: ['cloud.acme.example:9443'], methods: ['PUT'], path: path('/buckets/{bucket}') },
  }),
  row('db.direct', {
    protocol: 'tcp',
    match: { hosts: [], methods: [], path: undefined, destination: '127.0.0.1:5432' },
    stream: { maxDuration: 600 },
  }),
  row('db.named', { protocol: 'tcp', match: { hosts: [], methods: [], path: undefined, sni: 'db.acme.example' } }),
];
