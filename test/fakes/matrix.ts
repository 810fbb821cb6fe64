/** Matrices and rows as they would be written; each test changes what it is about. They are JSON, which is YAML. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A matrix as it would be written: right, or wrong on purpose. */
export type WrittenMatrix = Readonly<Record<string, unknown>>;

const IDP = 'https://idp.acme.example';

/** A token credential. */
export function token(over: object = {}): object {
  return {
    type: 'access-token',
    authority: 'idp',
    audience: 'https://erp.acme.example',
    scopes: ['read'],
    maxLifetime: '10m',
    ...over,
  };
}

/** An HTTP row that is right in every way. */
export function row(over: object = {}): object {
  return {
    description: 'Reads',
    protocol: 'http',
    boundary: 'agents -> erp',
    match: { hosts: ['erp.acme.example'], methods: ['GET'], path: '/v1/regions/{region}/invoices/{id}' },
    agents: ['buyer'],
    credential: token(),
    delegation: { action: 'invoices.read', context: { region: 'path.region' } },
    revocation: { by: ['token', 'grant', 'agent'], within: '1s' },
    ...over,
  };
}

/** A row for connections. */
export function tcpRow(over: object = {}): object {
  return row({
    protocol: 'tcp',
    boundary: 'agents -> ledger',
    match: { destination: '10.0.0.5:5432' },
    credential: { type: 'mtls-only', authority: 'mesh' },
    delegation: { mode: 'forbidden', action: 'ledger.connect' },
    revocation: { by: ['agent'], within: '15m' },
    stream: { maxDuration: '15m' },
    ...over,
  });
}

/** A row for an MCP server. */
export function mcpRow(mcp: object = {}, over: object = {}): object {
  return row({
    protocol: 'mcp',
    boundary: 'agents -> tickets',
    match: {
      hosts: ['tickets.acme.example'],
      methods: ['POST'],
      path: '/mcp',
      mcp: { methods: ['tools/call'], tools: ['search'], ...mcp },
    },
    credential: token({ audience: 'https://tickets.acme.example/mcp', scopes: ['tickets'] }),
    delegation: { action: 'tickets.search' },
    ...over,
  });
}

/** A whole matrix with these rows. */
export function matrixOf(hops: Record<string, object>, over: object = {}): WrittenMatrix {
  return {
    trustDomain: 'prod.acme.example',
    authorities: {
      mesh: { kind: 'spiffe', owner: 'platform' },
      idp: { kind: 'oidc', issuer: IDP, owner: 'iam' },
      sts: { kind: 'broker', issuer: 'https://sts.acme.example', owner: 'platform', grants: true },
    },
    agents: {
      buyer: { spiffeId: 'spiffe://prod.acme.example/ns/agents/sa/buyer' },
      clerk: { spiffeId: 'spiffe://prod.acme.example/ns/agents/sa/clerk' },
    },
    hops,
    ...over,
  };
}

/** Writes it where it can be read. */
export function writeMatrix(matrix: WrittenMatrix): string {
  const path = join(mkdtempSync(join(tmpdir(), 'behalf-matrix-')), 'matrix.yaml');
  writeFileSync(path, JSON.stringify(matrix, undefined, 1));
  return path;
}
