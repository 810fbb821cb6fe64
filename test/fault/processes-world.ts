/** Two `behalf serve` on one SQLite file, and a third process that writes to it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { CheckRequest } from '../../src/generated/envoy/service/auth/v3/CheckRequest.ts';
import { decodeCheckResponse, encodeCheckRequest } from '../../src/wire.ts';
import { type Serving, startServe } from '../fakes/behalf-serve.ts';
import { type Authority, createAuthority, type Issued, issueSvid } from '../fakes/ca.ts';
import { connect, type RawClient, reasonOf } from '../fakes/check-world.ts';
import { type StoreProcess, startStoreProcess } from '../fakes/store-process.ts';

const BUNDLE = fileURLToPath(new URL('../fixtures/policies/protocols/bundle.tar.gz', import.meta.url));
const HOST = 'erp.acme.example';
export const AUDIENCE = `https://${HOST}`;
/** A JWKS may hold so many keys. */
export const KEYS = 100;
const HOUR = 3_600_000;

/** One call; what is left out is right. */
export interface Call {
  readonly agent?: number;
  readonly issuer?: number;
  readonly subject?: string;
  readonly kid?: number;
  readonly issuedAt?: number;
  readonly jti?: string;
  readonly cnf?: object;
}

export interface ProcessesWorld {
  readonly config: string;
  readonly writer: StoreProcess;
  readonly servers: readonly { readonly client: RawClient }[];
  issuer(n?: number): string;
  agent(n?: number): string;
  token(call?: Call): Promise<string>;
  grant(over?: object, call?: Call): Promise<unknown>;
  /** The bytes that Envoy would send. */
  message(path: string, token: string, over?: Over): Buffer;
  stop(): Promise<void>;
}

export interface Over {
  readonly agent?: number;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object;
}

/** @param size how many agents and issuers there are: a revoked one stays revoked */
export async function startProcessesWorld(size: number): Promise<ProcessesWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'processes-'));
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = await exportJWK(publicKey);
  const keys = Array.from({ length: KEYS }, (_, n) => ({ ...jwk, kid: `k-${n}`, alg: 'ES256', use: 'sig' }));
  writeFileSync(join(folder, 'keys.json'), JSON.stringify({ keys }));
  writeFileSync(join(folder, 'matrix.yaml'), JSON.stringify(matrixOf(size)));
  const store = `sqlite:${join(folder, 'behalf.db')}`;
  const config = join(folder, 'behalf.yaml');
  writeFileSync(config, JSON.stringify(configOf(size, store)));
  const servers: Serving[] = [await startServe(config), await startServe(config)];
  const writer = await startStoreProcess(store);
  const clients = servers.map(({ address }) => connect(address));
  const root = createAuthority();
  const shown = new Map<number, string>();
  return {
    config,
    writer,
    servers: clients.map((client) => ({ client })),
    issuer,
    agent: (n = 0) => `agent-${n}`,
    token: (call = {}) => mint(privateKey, call),
    grant: (over = {}, call = {}) => writer.createGrant({ ...grantOf(call), ...over }),
    message: (path, token, over = {}) => {
      const { agent = 0 } = over;
      const certificate = shown.get(agent) ?? encodeURIComponent(certificateOf(root, agent).certificate);
      shown.set(agent, certificate);
      return encodeCheckRequest(messageOf(path, token, certificate, over));
    },
    stop: async () => {
      for (const client of clients) client.close();
      await Promise.all([...servers.map((each) => each.stop()), writer.stop()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The reason of an answer: `allowed`, or a refusal. */
export async function ask({ client }: { readonly client: RawClient }, bytes: Buffer): Promise<string> {
  return reasonOf(decodeCheckResponse(await client.ask(bytes)));
}

const issuer = (n = 0): string => `https://idp-${n}.acme.example`;
const spiffe = (n: number): string => `spiffe://prod.acme.example/agents/${n}`;
const certificateOf = (root: Authority, n: number): Issued => issueSvid(root, { uris: [spiffe(n)] });

const matchOf = (path: string, methods = ['GET']): object => ({ match: { hosts: [HOST], methods, path } });

function matrixOf(size: number): object {
  const all = Array.from({ length: size }, (_, n) => n);
  const row = (n: number, over: object): object => ({
    description: 'A row of the test',
    protocol: 'http',
    boundary: 'agents -> erp',
    agents: all.map((each) => `agent-${each}`),
    credential: {
      type: 'access-token',
      authority: `idp-${n}`,
      audience: AUDIENCE,
      scopes: ['read'],
      maxLifetime: '1d',
    },
    delegation: { action: 'read' },
    revocation: { by: ['token', 'grant', 'subject', 'agent', 'key', 'issuer'], within: '1s' },
    ...over,
  });
  const rows = all.map((n): [string, object] => [`test.read-${n}`, row(n, matchOf(`/${n}/things`))]);
  return {
    trustDomain: 'prod.acme.example',
    authorities: Object.fromEntries(all.map((n) => [`idp-${n}`, { kind: 'oidc', issuer: issuer(n), owner: 'iam' }])),
    agents: Object.fromEntries(all.map((n) => [`agent-${n}`, { spiffeId: spiffe(n) }])),
    hops: {
      ...Object.fromEntries(rows),
      'test.proof': row(0, { ...matchOf('/proof'), sender: 'dpop' }),
      'test.order': row(0, matchOf('/order', ['POST'])),
    },
  };
}

function configOf(size: number, store: string): object {
  return {
    listen: { check: '127.0.0.1:0', admin: '127.0.0.1:0' },
    matrix: './matrix.yaml',
    issuers: Array.from({ length: size }, (_, n) => ({
      issuer: issuer(n),
      jwks: { file: './keys.json' },
      algorithms: ['ES256'],
    })),
    policy: { bundle: BUNDLE },
    store,
    provenance: { records: 'none', traces: 'none' },
    limits: { inFlight: 5000 },
  };
}

function mint(key: CryptoKey, call: Call): Promise<string> {
  const { agent = 0, subject = 'alice', kid = 0, jti = crypto.randomUUID(), cnf } = call;
  const iat = call.issuedAt ?? Math.floor(Date.now() / 1000);
  const act = { sub: spiffe(agent) };
  const claims = {
    iss: issuer(call.issuer),
    sub: subject,
    aud: AUDIENCE,
    scope: 'read',
    iat,
    exp: iat + 80_000,
    jti,
    act,
  };
  return new SignJWT({ ...claims, ...(cnf && { cnf }) })
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: `k-${kid}` })
    .sign(key);
}

function grantOf({ agent = 0, subject = 'alice', issuer: by }: Call): Parameters<StoreProcess['createGrant']>[0] {
  return {
    id: `g-${crypto.randomUUID()}`,
    subject: { issuer: issuer(by), id: subject },
    actor: `agent-${agent}`,
    task: 't-1',
    actions: ['read'],
    target: AUDIENCE,
    context: {},
    budget: undefined,
    expiresAt: Date.now() + HOUR,
    parent: undefined,
  };
}

function messageOf(path: string, token: string, certificate: string, over: Over): CheckRequest {
  const { method = 'GET', headers = {}, body } = over;
  const text = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
  const named = path === '/proof' ? 'test.proof' : path === '/order' ? 'test.order' : `test.read-${path.split('/')[1]}`;
  const all: Record<string, string> = {
    ':path': path,
    ':method': method,
    ':authority': HOST,
    authorization: `Bearer ${token}`,
    ...(text && { 'content-type': 'application/json', 'x-envoy-auth-partial-body': 'false' }),
    ...headers,
  };
  const http = { method, host: HOST, path, headers: all, ...(text && { raw_body: text, size: text.length }) };
  return {
    attributes: {
      source: { principal: '', certificate },
      request: { http },
      context_extensions: { 'behalf.hop': named },
    },
  };
}
