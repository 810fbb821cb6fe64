/**
 * An identity provider: one ES256 key, a JWKS endpoint on a free loopback port that can misbehave, and tokens as
 * RFC 9068 (at+jwt), RFC 8693 (act) and RFC 9396 (authorization_details) shape them.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';

/** How the JWKS endpoint answers: properly, never, with a 500, or with this text. */
export type Behaviour = 'answer' | 'hang' | 'fail' | { readonly body: string };

/** Claims of a token; `undefined` takes a default claim out. Times are NumericDate, in seconds. */
export type Claims = Readonly<Record<string, unknown>>;

export interface GrantClaim {
  readonly id?: string;
  readonly task: string;
  readonly actions: readonly string[];
  readonly target: string;
  readonly context?: Readonly<Record<string, string>>;
  readonly expiresAt?: number;
}

export interface Issuer {
  readonly issuer: string;
  readonly jwksUri: string;
  /** What the endpoint publishes now. */
  jwks(): { keys: JWK[] };
  /** How often the endpoint was asked. */
  fetches(): number;
  behave(behaviour: Behaviour): void;
  /** A new signing key. The old one stays published unless `drop`. */
  rotate(options?: { readonly drop?: boolean }): Promise<void>;
  /** Signs an access token. `header` overrides alg, typ and kid; `alg: none` leaves it unsigned. */
  mint(claims: Claims, header?: Readonly<Record<string, unknown>>): Promise<string>;
  stop(): Promise<void>;
}

interface Key {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly published: JWK;
}

/** Starts an identity provider. `issuer` is the `iss` of its tokens and need not be where its keys are. */
export async function startIssuer(issuer = 'https://idp.acme.example'): Promise<Issuer> {
  let signing = await newKey();
  let published = [signing.published];
  let behaviour: Behaviour = 'answer';
  let fetches = 0;
  const server = createServer((_request, response) => {
    fetches += 1;
    if (behaviour === 'hang') {
      return;
    }
    const status = behaviour === 'fail' ? 500 : 200;
    const body = typeof behaviour === 'object' ? behaviour.body : JSON.stringify({ keys: published });
    response.writeHead(status, { 'content-type': 'application/json' }).end(status === 200 ? body : 'broken');
  });
  await listen(server);
  return {
    issuer,
    jwksUri: `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`,
    jwks: () => ({ keys: [...published] }),
    fetches: () => fetches,
    behave: (next) => {
      behaviour = next;
    },
    rotate: async ({ drop = false } = {}) => {
      signing = await newKey();
      published = drop ? [signing.published] : [...published, signing.published];
    },
    mint: (claims, header) => mint(signing, { iss: issuer, ...claims }, header),
    stop: () => stop(server),
  };
}

/** One `authorization_details` entry of type behalf_grant (RFC 9396 §2). It lasts ten minutes unless said otherwise. */
export function grantClaim({ id, context = {}, expiresAt, ...grant }: GrantClaim): Record<string, unknown> {
  return {
    type: 'behalf_grant',
    id: id ?? `g-${randomUUID().slice(0, 8)}`,
    ...grant,
    context,
    expires_at: expiresAt ?? seconds() + 600,
  };
}

async function mint(key: Key, claims: Claims, header: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const now = seconds();
  const payload = { iat: now, exp: now + 600, jti: randomUUID(), ...claims };
  if (header['alg'] === 'none') {
    return `${encode({ typ: 'at+jwt', ...header })}.${encode(payload)}.`;
  }
  const protectedHeader = { alg: 'ES256', typ: 'at+jwt', kid: key.kid, ...header };
  return new SignJWT(payload).setProtectedHeader(protectedHeader).sign(key.privateKey);
}

async function newKey(): Promise<Key> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  const kid = randomUUID();
  return { kid, privateKey, published: { ...(await exportJWK(publicKey)), kid, alg: 'ES256', use: 'sig' } };
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function seconds(): number {
  return Math.floor(Date.now() / 1000);
}
