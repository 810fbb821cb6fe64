/** The credentials of a case: right for its row, but for what the case says. */
import { createHash, X509Certificate } from 'node:crypto';
import { decodeProtectedHeader } from 'jose';
import { tokenId } from '../../src/identity/token-id.ts';
import type { Hop } from '../../src/matrix/hop.ts';
import type { Issued } from '../fakes/ca.ts';
import type { DpopClient } from '../fakes/dpop-client.ts';
import { type Claims, grantClaim } from '../fakes/issuer.ts';
import type { Case, DpopSpec, TokenSpec } from './case-schema.ts';
import type { CaseWorld } from './case-world.ts';
import { pathOf } from './prepare.ts';

export interface Token {
  readonly text: string;
  readonly scheme: string;
  /** The claims that it was made with, where it is one of ours. */
  readonly claims: Claims;
  readonly kid: string | undefined;
  /** What it is revoked by. */
  readonly id: string;
}

interface TokenParts {
  readonly hop: Hop;
  readonly client: Issued | undefined;
  readonly world: CaseWorld;
}

type Made = Exclude<TokenSpec, string | { raw: string } | { parts: object } | { opaque: string }>;

export const SUBJECT = 'alice@acme.example';
const now = (): number => Math.floor(Date.now() / 1000);
const TIMES = new Set(['exp', 'iat', 'nbf', 'expires_at']);

/** Replaces members; null takes one out; a number for a time is seconds from now. */
function changed(base: Claims, over: Claims = {}): Record<string, unknown> {
  const all: Record<string, unknown> = { ...base };
  for (const [name, value] of Object.entries(over)) {
    if (value === null) all[name] = undefined;
    else all[name] = TIMES.has(name) && Number.isInteger(value) ? now() + Number(value) : value;
  }
  return all;
}

export async function makeToken({ request }: Case, parts: TokenParts): Promise<Token | undefined> {
  const { hop, world } = parts;
  const spec = request.token ?? (hop.credential.type === 'mtls-only' ? 'none' : {});
  if (spec === 'none') return undefined;
  const scheme =
    'scheme' in spec && spec.scheme !== undefined ? spec.scheme : hop.sender === 'dpop' ? 'DPoP' : 'Bearer';
  const foreign = (text: string): Token => ({ text, scheme, claims: {}, kid: undefined, id: '' });
  if ('raw' in spec) return foreign(spec.raw);
  if ('parts' in spec) return foreign(textOf(spec.parts, world));
  if ('opaque' in spec) {
    const claims = { active: spec.opaque === 'active', ...plainClaims({ claims: spec.claims }, parts) };
    return foreign(world.opaque(spec.opaque, claims));
  }
  const claims = plainClaims(spec, parts);
  const text = await sign(spec, claims, parts);
  const { kid } = decodeProtectedHeader(text);
  const id = tokenId(hop.credential.issuer, { jti: String(claims['jti']) });
  return { text: tampered(spec, text), scheme, claims, kid, id };
}

/** What an honest issuer would put into a token for this row, and what the case puts instead. */
function plainClaims(spec: Made, parts: TokenParts): Record<string, unknown> {
  const { hop } = parts;
  const [agent] = hop.agents;
  const isDelegated = hop.delegation.mode !== 'forbidden';
  const base: Claims = {
    iss: hop.credential.issuer,
    sub: isDelegated ? SUBJECT : agent?.spiffeId,
    aud: hop.credential.audience,
    scope: hop.credential.scopes.join(' '),
    iat: now(),
    exp: now() + 600,
    jti: crypto.randomUUID(),
    ...(isDelegated && { act: { sub: agent?.spiffeId } }),
    ...(hop.delegation.grant !== 'stored' &&
      isDelegated &&
      spec.grant !== null && { authorization_details: [grantIn(spec, hop)] }),
    ...(spec.pad !== undefined && { pad: 'x'.repeat(spec.pad) }),
    ...confirmation(spec, parts),
  };
  return changed(base, spec.claims);
}

function grantIn(spec: Made, hop: Hop): object {
  const context = contextOf(hop);
  const { action } = hop.delegation;
  const base = grantClaim({ id: 'g-1', task: 't-1', actions: [action], target: hop.credential.audience, context });
  return changed(base, spec.grant ?? {});
}

/** What the path that fits a row shows of its context; query, header and body show `eu`. */
export function contextOf(hop: Hop): Record<string, string> {
  const segments = pathOf(hop).slice(1).split('/');
  return Object.fromEntries(
    Object.entries(hop.delegation.context).map(([key, { from, name }]) => {
      const at = (hop.match.path?.parts ?? []).findIndex((part) => 'name' in part && part.name === name);
      return [key, (from === 'path' ? segments[at] : undefined) ?? 'eu'];
    }),
  );
}

function confirmation({ bind }: Made, { hop, client, world }: TokenParts): Claims {
  const usual = { mtls: 'certificate', dpop: 'key', peer: 'nothing', none: 'nothing' } as const;
  switch (bind ?? usual[hop.sender]) {
    case 'nothing':
      return {};
    case 'certificate':
      return { cnf: { 'x5t#S256': thumbprintOf(client) } };
    case 'other-certificate':
      return { cnf: { 'x5t#S256': thumbprintOf(world.certificates.show('support')) } };
    case 'key':
      return { cnf: { jkt: world.keys.own.thumbprint } };
    default:
      return { cnf: { jkt: world.keys.other.thumbprint } };
  }
}

function thumbprintOf(issued: Issued | undefined): string {
  if (issued === undefined) return 'A'.repeat(43);
  return createHash('sha256').update(new X509Certificate(issued.certificate).raw).digest('base64url');
}

async function sign(spec: Made, claims: Claims, { hop, world }: TokenParts): Promise<string> {
  const usual = hop.credential.type === 'transaction-token' ? { typ: 'txntoken+jwt' } : {};
  const issuer = world.issuerOf(hop.credential.issuer);
  if (spec.signer === 'stranger') {
    const { kid } = decodeProtectedHeader(await issuer.mint({}));
    return world.stranger.mint(claims, changed({ ...usual, kid }, spec.header));
  }
  return issuer.mint(claims, changed(usual, spec.header));
}

function tampered({ tamper }: Made, text: string): string {
  if (tamper === 'padding') return `${text}=`;
  if (tamper === undefined) return text;
  const at = text.lastIndexOf('.') + 5;
  return `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`;
}

/** `{{kid}}` and `{{iss}}` are those of the first issuer. */
function textOf(parts: { header: string; payload: string; signature: string }, world: CaseWorld): string {
  const fill = (text: string): string => text.replaceAll('{{kid}}', world.kid);
  const encode = (text: string): string => Buffer.from(fill(text)).toString('base64url');
  return `${encode(parts.header)}.${encode(parts.payload)}.${parts.signature}`;
}

interface ProofParts {
  readonly hop: Hop;
  readonly token: Token;
  readonly world: CaseWorld;
  readonly method: string;
  readonly url: string;
}

type MadeProof = Exclude<DpopSpec, string | { raw: string }>;

export async function makeProof({ request }: Case, parts: ProofParts): Promise<readonly string[]> {
  const { hop, token, world, method } = parts;
  const spec = request.dpop ?? (hop.sender === 'dpop' ? 'valid' : 'none');
  if (spec === 'none') return [];
  if (typeof spec === 'object' && 'raw' in spec) return [spec.raw];
  const wanted: MadeProof = spec === 'valid' ? {} : spec;
  const key: DpopClient = world.keys[wanted.key ?? 'own'];
  const nonce = wanted.nonce === undefined ? {} : { nonce: world.nonce(wanted.nonce, key.thumbprint) };
  const claims = { ...nonce, ...changed({}, wanted.claims) };
  const url = wanted.url ?? parts.url.replace(/\?.*$/s, '');
  const prove = () => key.prove({ token: token.text, method, url, claims, header: changed({}, wanted.header) });
  const proofs = await Promise.all(Array.from({ length: wanted.copies ?? 1 }, prove));
  return wanted.tamper === undefined ? proofs : proofs.map((proof) => tampered({ tamper: 'signature' }, proof));
}

export async function makeSvid(
  { request }: Case,
  { hop, world }: { hop: Hop; world: CaseWorld },
): Promise<string | undefined> {
  const spec = request.svid ?? (hop.peer.from === 'jwt-svid' ? {} : 'none');
  if (spec === 'none') return undefined;
  const aud = hop.peer.from === 'jwt-svid' ? hop.peer.audience : 'behalf';
  const claims = changed({ sub: hop.agents[0]?.spiffeId, aud, exp: now() + 60 }, spec.claims);
  const header = changed({ typ: 'JWT' }, spec.header);
  if (spec.signer !== 'stranger') return world.workloads.mint(claims, header);
  const { kid } = decodeProtectedHeader(await world.workloads.mint({}));
  return world.stranger.mint(claims, { ...header, kid });
}
