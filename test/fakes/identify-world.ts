/**
 * The identify step by itself: one identity provider, two agents, one row, and a call whose every part a test can change.
 * The peer is given, because the step before proves it.
 */
import { pino } from 'pino';
import { createDpopRules, type DpopConfig } from '../../src/identity/dpop-rules.ts';
import { identify } from '../../src/identity/identify.ts';
import type { Identity, Peer } from '../../src/identity/identity.ts';
import { createIssuers, type IssuerConfig, type Issuers } from '../../src/identity/issuers.ts';
import type { Agent, Authority, Hop, Matrix } from '../../src/matrix/hop.ts';
import { Refusal } from '../../src/refusals.ts';
import type { CheckInput } from '../../src/request/check-input.ts';
import { type Claims, type Issuer, startIssuer } from './issuer.ts';

export const AUDIENCE = 'https://erp.acme.example';
export const ISSUER = 'https://idp.acme.example';
export const THUMBPRINT = 'A'.repeat(43);
export const HOST = 'erp.acme.example';
export const PATH = '/v1/invoices/7';

const agent = (name: string, clientIds = {}): Agent => ({ name, spiffeId: spiffe(name), clientIds });
const procurement = agent('procurement', { workforce: 'procurement-client' });
const AUTHORITY: Authority = { name: 'workforce', kind: 'oidc', issuer: ISSUER, owner: 'o', grants: true };

export interface Call {
  /** As the client sends it: `bearer` unless said otherwise. */
  readonly scheme?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: CheckInput['query'];
  readonly rawQuery?: string;
  readonly method?: string;
  readonly host?: string;
  readonly path?: string;
  /** The agent that holds the connection. */
  readonly peer?: string;
  /** SHA-256 of its certificate; null where it showed none. */
  readonly thumbprint?: string | null;
  readonly now?: number;
  readonly dpop?: DpopConfig;
  readonly issuers?: Issuers;
  readonly row?: Hop;
}

export interface IdentifyWorld {
  readonly idp: Issuer;
  readonly config: IssuerConfig;
  readonly issuers: Issuers;
  /** A token that procurement may use for alice; `over` replaces claims. */
  token(over?: Claims, header?: Claims): Promise<string>;
  /** The one row; `credential` and `over` replace parts of it. */
  row(over?: Partial<Hop>, credential?: Partial<Hop['credential']>): Hop;
  identify(token: string | undefined, call?: Call): Promise<Identity>;
  /** The code of the refusal, or `ok`. */
  outcome(token: string | undefined, call?: Call): Promise<string>;
  stop(): Promise<void>;
}

export function spiffe(name: string): string {
  return `spiffe://prod.acme.example/ns/agents/sa/${name}`;
}

export async function startIdentifyWorld(): Promise<IdentifyWorld> {
  const idp = await startIssuer(ISSUER);
  const config: IssuerConfig = {
    issuer: ISSUER,
    jwks: { uri: idp.jwksUri },
    algorithms: ['ES256'],
    tokenTypes: ['at+jwt', 'jwt', 'txntoken+jwt'],
    clockSkew: 30,
  };
  const issuers = createIssuers([config], { log: pino({ level: 'silent' }) });
  const matrix = matrixOf(row());
  const ask: IdentifyWorld['identify'] = async (token, call = {}) => {
    const thumbprint = call.thumbprint === undefined ? THUMBPRINT : (call.thumbprint ?? undefined);
    const peer: Peer = { id: spiffe(call.peer ?? 'procurement'), trustDomain: 'prod.acme.example', thumbprint };
    return identify(inputOf(token, call), call.row ?? row(), {
      peer,
      matrix,
      issuers: call.issuers ?? issuers,
      dpop: createDpopRules(call.dpop ?? {}),
      now: call.now ?? Date.now(),
    });
  };
  return {
    idp,
    config,
    issuers,
    row,
    token: (over = {}, header) =>
      idp.mint(
        { sub: 'alice', aud: AUDIENCE, scope: 'invoices:read', act: { sub: spiffe('procurement') }, ...over },
        header,
      ),
    identify: ask,
    outcome: async (token, call) => {
      try {
        await ask(token, call);
        return 'ok';
      } catch (error) {
        return error instanceof Refusal ? error.code : `threw ${String(error)}`;
      }
    },
    stop: async () => {
      issuers.close();
      await idp.stop();
    },
  };
}

function inputOf(token: string | undefined, call: Call): CheckInput {
  const authorization = token === undefined ? {} : { authorization: `${call.scheme ?? 'Bearer'} ${token}` };
  const { method = 'GET', host = HOST, path = PATH, query = {}, rawQuery = '' } = call;
  const headers = { ...authorization, ...call.headers };
  return { headers, query, rawQuery, method, host, path } as unknown as CheckInput;
}

function row(over: Partial<Hop> = {}, credential: Partial<Hop['credential']> = {}): Hop {
  return {
    id: 'erp.read',
    agents: [procurement],
    credential: {
      type: 'access-token',
      authority: AUTHORITY,
      issuer: ISSUER,
      audience: AUDIENCE,
      scopes: ['invoices:read'],
      maxLifetime: 3600,
      ...credential,
    },
    sender: 'peer',
    delegation: { mode: 'required' },
    ...over,
  } as unknown as Hop;
}

function matrixOf(hop: Hop): Matrix {
  const known = row({}, { issuer: 'https://partner.example' });
  return {
    trustDomains: new Set(['prod.acme.example']),
    agents: [procurement, agent('support')],
    hops: new Map([
      ['erp.read', hop],
      ['partner', known],
    ]),
  } as unknown as Matrix;
}
