/**
 * Where every fuzzed request begins: requests that are allowed, under rows whose grants bind every path segment and, for
 * a payment, the body. So nothing that a row reads can change without the change being a wrong allow.
 */
import type { CheckRequest } from '../../src/generated/envoy/service/auth/v3/CheckRequest.ts';
import type { ContextSource, Hop, Matrix } from '../../src/matrix/hop.ts';
import type { PathTemplate } from '../../src/matrix/path-template.ts';
import type { Snapshot } from '../../src/snapshot.ts';
import { type AgentName, type CheckWorld, encodeCheckRequest, spiffe, startCheckWorld } from '../fakes/check-world.ts';
import { createSigner, type Signer } from './signer.ts';

export interface Seed {
  readonly hop: Hop;
  readonly agent: AgentName;
  readonly message: CheckRequest;
  readonly bytes: Buffer;
  readonly token: string;
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly subject: string;
  readonly grant: { readonly id: string; readonly task: string };
}

export interface FuzzWorld {
  readonly world: CheckWorld;
  readonly snapshot: Snapshot;
  readonly signer: Signer;
  /** A key that the issuer does not publish. */
  readonly stranger: Signer;
  readonly seeds: readonly Seed[];
}

const BODY_ROW = 'erp.payments.draft';
/** Policy demands an approval for it, so no request for it is allowed. */
const NEVER_ALLOWED = 'erp.payments.finalize';
const SEEDS_PER_ROW = 8;

/** The demo's world, with rows that bind all that they name and an issuer whose key we hold. */
export async function startFuzzWorld(): Promise<FuzzWorld> {
  const world = await startCheckWorld();
  const signer = createSigner('fuzz');
  world.issuer.behave({ body: JSON.stringify({ keys: [...world.issuer.jwks().keys, signer.jwk] }) });
  const matrix = tighten(world.snapshot.matrix);
  const rows = [...matrix.hops.values()].filter(({ id }) => id !== NEVER_ALLOWED);
  const seeds: Seed[] = [];
  for (const hop of rows) {
    for (let n = 0; n < SEEDS_PER_ROW; n++) seeds.push(await makeSeed(world, signer, { hop, n: seeds.length }));
  }
  return { world, snapshot: { ...world.snapshot, matrix }, signer, stranger: createSigner('fuzz'), seeds };
}

function tighten(matrix: Matrix): Matrix {
  const hops = [...matrix.hops.values()].map((hop): [string, Hop] => {
    const named = pathOf(hop).names.map((name): [string, ContextSource] => [name, { from: 'path', name }]);
    const body: [string, ContextSource][] = hop.id === BODY_ROW ? [['to', { from: 'body', name: '/to' }]] : [];
    const context = Object.fromEntries([...named, ...body]);
    return [hop.id, { ...hop, delegation: { ...hop.delegation, context } }];
  });
  return { ...matrix, hops: new Map(hops) };
}

async function makeSeed(world: CheckWorld, signer: Signer, { hop, n }: { hop: Hop; n: number }): Promise<Seed> {
  const agent = hop.agents[0]?.name as AgentName;
  const values = Object.fromEntries(pathOf(hop).names.map((name) => [name, `${name}-${n}`]));
  const to = `vendor-${n}`;
  const grant = { id: `g-${n}`, task: `task-${n}` };
  const context = { ...values, ...(hop.id === BODY_ROW && { to }) };
  const { header, claims } = tokenFor(hop, signer, { agent, grant, context });
  const token = signer.sign(JSON.stringify(header), JSON.stringify(claims));
  const ask = { agent, token, hop: hop.id, host: hop.match.hosts[0] ?? '', method: hop.match.methods[0] ?? '' };
  const path = pathOf(hop).text.replaceAll(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '');
  const rawHeaders = n % 2 === 0;
  const headers = hop.id === BODY_ROW ? { 'content-type': 'application/json' } : undefined;
  const message = await world.message({
    ...ask,
    path,
    rawHeaders,
    principal: n % 4 < 2 ? spiffe(agent) : '',
    ...(headers && { headers }),
  });
  if (hop.id === BODY_ROW) addBody(message, JSON.stringify({ to }), n % 4 < 2);
  const subject = claims.sub;
  return { hop, agent, message, bytes: encodeCheckRequest(message), token, header, claims, subject, grant };
}

function tokenFor(hop: Hop, signer: Signer, to: { agent: AgentName; grant: Seed['grant']; context: object }) {
  const now = Math.floor(Date.now() / 1000);
  const { audience, scopes, issuer } = hop.credential;
  const { agent, grant, context } = to;
  const detail = {
    type: 'behalf_grant',
    ...grant,
    actions: [hop.delegation.action],
    target: audience,
    context,
    expires_at: now + 3000,
  };
  return {
    header: { alg: 'ES256', typ: 'at+jwt', kid: signer.kid },
    claims: {
      iss: issuer,
      sub: `person-${grant.id}@acme.example`,
      aud: audience,
      scope: scopes.join(' '),
      iat: now,
      exp: now + 3000,
      jti: grant.id,
      act: { sub: spiffe(agent) },
      authorization_details: [detail],
    },
  };
}

function addBody(message: CheckRequest, body: string, asBytes: boolean): void {
  const http = message.attributes?.request?.http;
  if (!http) throw new TypeError('the message has no HTTP request');
  if (asBytes) http.raw_body = Buffer.from(body);
  else http.body = body;
  http.size = body.length;
}

/** Every row of the demo is HTTP, and so has a path. */
export function pathOf({ id, match }: Hop): PathTemplate {
  if (match.path === undefined) throw new TypeError(`row ${id} has no path`);
  return match.path;
}
