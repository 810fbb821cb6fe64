/**
 * The demo's matrix and policy in this process, without Envoy: real certificates, a real issuer, real tokens, the real
 * bundle. Makes CheckRequests as Envoy 1.40 encodes them, and puts them to check().
 */
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { type CallOptions, Client, credentials } from '@grpc/grpc-js';
import { loadSync, type MessageTypeDefinition } from '@grpc/proto-loader';
import { pino } from 'pino';
import { type CheckParts, check, refuse, STEPS } from '../../src/check.ts';
import type { CheckRequest } from '../../src/generated/envoy/service/auth/v3/CheckRequest.ts';
import type { CheckResponse__Output } from '../../src/generated/envoy/service/auth/v3/CheckResponse.ts';
import { createDpopRules } from '../../src/identity/dpop-rules.ts';
import { createIssuers } from '../../src/identity/issuers.ts';
import type { PeerRules } from '../../src/identity/peer-rules.ts';
import { loadMatrix } from '../../src/matrix/compile.ts';
import { loadPolicy } from '../../src/policy/load.ts';
import type { Trail } from '../../src/provenance/trail.ts';
import type { Decider } from '../../src/server/authorization.ts';
import { type CheckServer, startCheckServer } from '../../src/server/listen.ts';
import type { Snapshot } from '../../src/snapshot.ts';
import { openStore } from '../../src/store/open-store.ts';
import type { Store } from '../../src/store/store.ts';
import { CHECK_PATH, decodeCheckResponse } from '../../src/wire.ts';
import { createAuthority, issueSvid } from './ca.ts';
import { type Claims, grantClaim, type Issuer, startIssuer } from './issuer.ts';

const root = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const definitions = loadSync('envoy/service/auth/v3/external_auth.proto', {
  includeDirs: [root('protos')],
  keepCase: true,
});
const checkRequest = definitions['envoy.service.auth.v3.CheckRequest'] as MessageTypeDefinition<
  CheckRequest,
  CheckRequest
>;

export type AgentName = 'procurement' | 'support' | 'reporting';
const AGENTS: readonly AgentName[] = ['procurement', 'support', 'reporting'];
const ERP = 'https://erp.acme.example';

/** One request, as the agent means it; everything has a default that is allowed. */
export interface Ask {
  readonly agent?: AgentName;
  readonly token?: string | null;
  readonly method?: string;
  readonly host?: string;
  readonly path?: string;
  readonly hop?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly rawHeaders?: boolean;
  readonly certificate?: string;
  readonly principal?: string;
}

export interface CheckWorld {
  readonly issuer: Issuer;
  readonly snapshot: Snapshot;
  /** Empty at first. */
  readonly store: Store;
  readonly certificates: Readonly<Record<AgentName, string>>;
  /** A token that the procurement agent may read invoices in region eu with; `over` replaces claims. */
  token(over?: Claims, header?: Claims): Promise<string>;
  /** What Envoy would send for it, to be changed at will; `request` is the same, encoded. */
  message(ask?: Ask): Promise<CheckRequest>;
  request(ask?: Ask): Promise<Buffer>;
  /** What check() works with; `over` replaces some of it. */
  parts(over?: Partial<CheckParts>): CheckParts;
  /** Puts bytes to check(). `parts` replaces some of its parts. */
  put(bytes: Uint8Array, parts?: Partial<CheckParts>): Promise<{ answer: CheckResponse__Output; trail: Trail }>;
  stop(): Promise<void>;
}

export const spiffe = (agent: AgentName): string => `spiffe://prod.acme.example/ns/agents/sa/${agent}`;

/** A fresh trail, as the server begins one. */
export function beginTrail(): Trail {
  return { decisionId: randomUUID(), receivedAt: Date.now(), started: performance.now(), callerTrace: {} };
}

/** The reason of an answer, from the metadata that Envoy would log. */
export function reasonOf(answer: CheckResponse__Output): string {
  return answer.dynamic_metadata?.fields?.['reason']?.stringValue ?? '';
}

/** Encodes any CheckRequest, also one that Envoy would never send. */
export function encodeCheckRequest(message: CheckRequest): Buffer {
  return checkRequest.serialize(message);
}

export async function startCheckWorld(): Promise<CheckWorld> {
  const issuer = await startIssuer();
  const authority = createAuthority();
  const certificates = Object.fromEntries(
    AGENTS.map((agent) => [agent, encodeURIComponent(issueSvid(authority, { uris: [spiffe(agent)] }).certificate)]),
  ) as Record<AgentName, string>;
  const issuers = createIssuers(
    [
      {
        issuer: issuer.issuer,
        jwks: { uri: issuer.jwksUri },
        algorithms: ['ES256'],
        tokenTypes: ['at+jwt'],
        clockSkew: 30,
      },
    ],
    { log: pino({ level: 'silent' }) },
  );
  const policy = await loadPolicy({ path: root('policies/bundle.tar.gz'), entrypoint: 'behalf/authz/decision' });
  const matrix = loadMatrix(root('demo/matrix.yaml'));
  const { trustDomains } = matrix;
  const peer: PeerRules = { trustDomains, xfcc: undefined, bundles: new Map(), jwtBundles: new Map() };
  const snapshot: Snapshot = {
    epoch: 1,
    matrix,
    peer,
    issuers,
    dpop: createDpopRules({}),
    policy,
    denialDetail: 'class',
  };

  const token: CheckWorld['token'] = (over = {}, header) =>
    issuer.mint(
      {
        sub: 'alice@acme.example',
        aud: ERP,
        client_id: 'procurement-agent',
        scope: 'invoices:read recipients:write payments:write',
        act: { sub: spiffe('procurement') },
        authorization_details: [
          grantClaim({
            task: 't-1',
            actions: ['invoices.read', 'payments.draft', 'payments.finalize'],
            target: ERP,
            context: { region: 'eu' },
          }),
        ],
        ...over,
      },
      header,
    );

  const message: CheckWorld['message'] = async (ask = {}) => {
    const bearer = ask.token === undefined ? await token() : ask.token;
    return envoyMessage(ask, bearer, certificates[ask.agent ?? 'procurement']);
  };
  const store = openStore('memory:', { log: pino({ level: 'silent' }) });
  await store.ready();
  const parts: CheckWorld['parts'] = (over = {}) => ({
    snapshot: () => snapshot,
    store,
    subjectLabel: () => 'pseudonym',
    maxMessageBytes: 4 * 1024 * 1024,
    steps: STEPS,
    ...over,
  });

  return {
    issuer,
    snapshot,
    store,
    certificates,
    token,
    message,
    request: async (ask) => encodeCheckRequest(await message(ask)),
    parts,
    put: async (bytes, over) => {
      const trail = beginTrail();
      const answer = await check(bytes, trail, parts(over));
      return { answer: decodeCheckResponse(answer), trail };
    },
    stop: async () => {
      issuers.close();
      await issuer.stop();
    },
  };
}

export interface ServeOptions {
  /** Asked anew for each Check, so that a test can change it between two. */
  readonly parts: () => CheckParts;
  readonly record?: (trail: Trail) => void;
  readonly maxInFlight?: number;
}

/** The real check server on a free loopback port, with the real check() behind it. */
export function serveChecks({ parts, record = () => {}, maxInFlight = 1000 }: ServeOptions): Promise<CheckServer> {
  const decider: Decider = {
    check: (bytes, trail) => check(bytes, trail, parts()),
    refuse,
  };
  const log = pino({ level: 'silent' });
  return startCheckServer({ address: '127.0.0.1:0', decider, record, maxInFlight, isReady: () => true, log });
}

/** A gRPC client that sends and receives bytes as they are: what Envoy is to us, and what an attacker could be. */
export interface RawClient {
  /** Rejects with grpc-js's ServiceError where the call ends in a gRPC error. */
  ask(bytes: Buffer, options?: CallOptions, onCall?: (call: { cancel(): void }) => void): Promise<Buffer>;
  close(): void;
}

const same = (bytes: Buffer): Buffer => bytes;

export function connect(address: string): RawClient {
  const client = new Client(address, credentials.createInsecure(), {
    'grpc.max_send_message_length': -1,
    'grpc.enable_http_proxy': 0,
  });
  return {
    ask: (bytes, options = {}, onCall = () => {}) =>
      new Promise((resolve, reject) => {
        const call = client.makeUnaryRequest(CHECK_PATH, same, same, bytes, options, (error, answer) => {
          if (error !== null) reject(error);
          else resolve(answer ?? Buffer.alloc(0));
        });
        onCall(call);
      }),
    close: () => client.close(),
  };
}

function envoyMessage(ask: Ask, bearer: string | null, certificate: string): CheckRequest {
  const {
    method = 'GET',
    host = 'erp.acme.example',
    path = '/v1/regions/eu/invoices/7',
    hop = 'erp.invoices.read',
  } = ask;
  const headers: Record<string, string> = {
    ':authority': host,
    ':method': method,
    ':path': path,
    ':scheme': 'https',
    'x-request-id': '5f2b0b0e-6a5b-4e8c-9a55-8a5d2c1b7f00',
    ...(bearer !== null && { authorization: `Bearer ${bearer}` }),
    ...ask.headers,
  };
  const raw = Object.entries(headers).map(([key, value]) => ({ key, raw_value: Buffer.from(value) }));
  return {
    attributes: {
      source: { principal: ask.principal ?? '', certificate: ask.certificate ?? certificate },
      destination: { address: { socket_address: { address: '127.0.0.1', port_value: 443 } } },
      request: {
        time: { seconds: Math.floor(Date.now() / 1000), nanos: 0 },
        http: {
          id: '1',
          method,
          host,
          path,
          scheme: 'https',
          protocol: 'HTTP/1.1',
          size: -1,
          ...(ask.rawHeaders === true ? { header_map: { headers: raw } } : { headers }),
        },
      },
      context_extensions: hop === '' ? {} : { 'behalf.hop': hop },
      metadata_context: {},
    },
  };
}
