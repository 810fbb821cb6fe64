/** Requests that must be allowed: all that RFC 9110, RFC 3986, RFC 9068 and the SPIFFE specs let a good client vary. */
import { KeyUsageFlags } from '@peculiar/asn1-x509';
import type { CheckRequest } from '../../src/generated/envoy/service/auth/v3/CheckRequest.ts';
import type { Hop } from '../../src/matrix/hop.ts';
import { createAuthority, issueSvid, type SvidOptions } from '../fakes/ca.ts';
import { type AgentName, encodeCheckRequest, spiffe } from '../fakes/check-world.ts';
import type { Random } from './random.ts';
import { type FuzzWorld, pathOf } from './seeds.ts';

export interface Valid {
  readonly bytes: Buffer;
  readonly hop: string;
  /** What a failure needs to say. */
  readonly what: string;
}

/** A path segment as it is sent; its decoded value is what the grant names. */
const SEGMENTS: readonly ((n: number) => string)[] = [
  (n) => `eu-${n}`,
  (n) => `EMEA.${n}`,
  (n) => `${n}`,
  (n) => `x@y:z!$&'()*+,=~_${n}`,
  (n) => `caf%C3%A9-${n}`,
  (n) => `a%20b%20${n}`,
  (n) => `%E2%82%AC${n}`,
  (n) => `%f0%9f%92%b6${n}`,
  (n) => `%5B${n}%5D`,
  (n) => `%7B${n}%7D%7c`,
  (n) => `...${n}`,
  (n) => `${n}...`,
  (n) => `100%26%3D${n}`.replace('%3D', '='),
  (n) => `${n}`.padEnd(200, 'a'),
];

const QUERIES: readonly ((n: number) => string)[] = [
  () => '',
  () => '',
  (n) => `?page=${n}`,
  (n) => `?q=%2F..%2F&n=${n}`,
  (n) => `?r=1&r=2&${n}`,
  () => '?',
  () => '?=&&',
  (n) => `?to=https://x.example/y?z=${n}`,
  (n) => `?a=%zz;b=${n}`,
  (n) => `?name=%00%C3%A9+${n}`,
  (n) => `?${'k=v&'.repeat(50)}${n}`,
];

const HEADERS: readonly ((n: number) => Readonly<Record<string, string>>)[] = [
  () => ({}),
  () => ({ accept: '*/*', 'user-agent': 'agent/1.0 (+https://acme.example)' }),
  (n) => ({ cookie: `session=${n}; theme=dark`, dpop: 'a.b.c' }),
  (n) => ({ traceparent: `00-${String(n).padStart(32, '0')}-00f067aa0ba902b7-01`, baggage: 'a=b' }),
  () => ({ 'x-forwarded-for': '203.0.113.7, 10.0.0.1', 'x-forwarded-proto': 'https', via: '1.1 proxy' }),
  () => ({ 'x-empty': '', 'x-spaces': '  a  b  ', 'x-latin': 'caf\u00e9' }),
  () => ({ 'x-behalf-subject': 'root', x_behalf_agent: 'evil', 'X-Behalf-Whatever': 'x' }),
  () => ({ 'x-envoy-original-path': '/admin', 'x-http-method-override': 'DELETE' }),
  (n) => Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`x-h-${index}`, `${n}`])),
  (n) => ({ 'x-long': `${n}`.padEnd(30_000, 'v') }),
];

const SUBJECTS: readonly ((n: number) => string)[] = [
  (n) => `person${n}@acme.example`,
  (n) => `auth0|${n}`,
  (n) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
  (n) => `Person Number ${n}`,
  (n) => `urn:acme:person:${n}`,
];

const HOSTS: readonly ((host: string) => string)[] = [
  (host) => host,
  (host) => `${host}:443`,
  (host) => `${host}:80`,
  (host) => host.toUpperCase(),
  (host) => host.replace('acme', 'Acme'),
];

const TYPES = ['at+jwt', 'application/at+jwt', 'AT+JWT'];
const BODIES: readonly { readonly text: string; readonly type?: string }[] = [
  { text: '' },
  { text: '{"amount":1}', type: 'application/json' },
  { text: '{"amount":1,"amount":2}', type: 'application/json' },
  { text: 'amount=1&to=a', type: 'application/x-www-form-urlencoded' },
  { text: '\u0000\u00ff not json', type: 'application/octet-stream' },
];

const authority = createAuthority();
const CERTIFICATES: readonly ((id: string) => SvidOptions)[] = [
  (id) => ({ uris: [id] }),
  (id) => ({ uris: [id], dns: ['agent.internal', 'localhost'] }),
  (id) => ({ uris: [id], cn: 'An agent' }),
  (id) => ({ uris: [id], extendedKeyUsage: [] }),
  (id) => ({ uris: [id], keyUsage: KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment }),
  (id) => ({ uris: [id], ips: ['10.0.0.7'], notAfter: new Date(Date.now() + 300_000) }),
];
const certificates = new Map<string, string>();

/** Policy demands an approval for it. */
const NEVER_ALLOWED = 'erp.payments.finalize';

export function validRequest(fuzz: FuzzWorld, random: Random, n: number): Valid {
  const rows = [...fuzz.world.snapshot.matrix.hops.values()].filter(({ id }) => id !== NEVER_ALLOWED);
  const hop = random.pick(rows);
  const agent = hop.agents[0]?.name as AgentName;
  const segments = Object.fromEntries(pathOf(hop).names.map((name) => [name, random.pick(SEGMENTS)(n)]));
  const path = pathOf(hop).text.replaceAll(/\{(\w+)\}/g, (_, name: string) => segments[name] ?? '');
  const target = path + random.pick(QUERIES)(n);
  const { header, claims } = tokenOf(hop, random, { n, agent, segments, kid: fuzz.signer.kid });
  const token = fuzz.signer.sign(JSON.stringify(header), JSON.stringify(claims));
  const host = random.pick(HOSTS)(hop.match.hosts[0] ?? '');
  const method = random.pick(hop.match.methods);
  const body = method === 'GET' ? { text: '' } : random.pick(BODIES);
  const headers: [string, string][] = [
    [':authority', host],
    [':method', method],
    [':path', target],
    [':scheme', random.pick(['https', 'http'])],
    ['x-request-id', `request-${n}`],
    [random.pick(['authorization', 'Authorization']), `${random.pick(['Bearer', 'bearer', 'BEARER'])} ${token}`],
    ...Object.entries(random.pick(HEADERS)(n)),
    ...(body.type === undefined ? [] : [['content-type', body.type] as [string, string]]),
  ];
  const certificate = certificateOf(random.below(CERTIFICATES.length), spiffe(agent));
  const message: CheckRequest = {
    attributes: {
      source: { principal: random.pick(['', spiffe(agent)]), certificate },
      destination: { address: { socket_address: { address: '::1', port_value: 8443 } } },
      request: {
        time: { seconds: Math.floor(Date.now() / 1000), nanos: random.below(1e9) },
        http: {
          id: String(n),
          method,
          host,
          path: target,
          scheme: 'https',
          protocol: random.pick(['HTTP/1.1', 'HTTP/2', 'HTTP/3']),
          size: body.text === '' ? -1 : body.text.length,
          ...encodings(headers, random),
          ...(random.chance(0.5) ? { body: body.text } : { raw_body: Buffer.from(body.text) }),
        },
      },
      context_extensions: { 'behalf.hop': hop.id, ...(random.chance(0.2) && { 'other.key': 'x' }) },
      metadata_context: {},
    },
  };
  const what = JSON.stringify({ hop: hop.id, host, method, target: target.slice(0, 300), header, claims });
  return { bytes: encodeCheckRequest(message), hop: hop.id, what };
}

interface Told {
  readonly n: number;
  readonly agent: AgentName;
  readonly segments: Readonly<Record<string, string>>;
  readonly kid: string;
}

function tokenOf({ credential, delegation }: Hop, random: Random, { n, agent, segments, kid }: Told) {
  const now = Math.floor(Date.now() / 1000);
  const iat = now + random.pick([0, -10, -600, 20]);
  const context = Object.fromEntries(
    Object.keys(delegation.context).map((key) => [key, decodeURIComponent(segments[key] ?? '')]),
  );
  const grant = {
    type: 'behalf_grant',
    id: `g-${n}`,
    task: random.pick([`t-${n}`, `Close the books of ${n}`]),
    actions: random.pick([[delegation.action], ['other.action', delegation.action]]),
    target: credential.audience,
    context,
    expires_at: now + random.pick([120, 86_400]),
    ...(random.chance(0.2) && { approval: 'a-1' }),
  };
  const others = random.pick<object[]>([
    [],
    [{ type: 'payment_initiation', instructedAmount: { amount: '1' } }],
    [{ ...grant, id: 'g-old', expires_at: now - 60 }],
    [{ ...grant, id: 'g-else', context: { region: 'elsewhere' } }],
  ]);
  const scopes = [...credential.scopes, ...random.pick([[], ['openid'], ['a:b', 'c:d']])];
  const claims = {
    iss: credential.issuer,
    sub: random.pick(SUBJECTS)(n),
    aud: random.pick<unknown>([credential.audience, [credential.audience], ['https://x.example', credential.audience]]),
    scope: random.chance(0.5) ? scopes.join(' ') : scopes.toReversed().join(' '),
    iat,
    exp: now + random.pick([60, 600, 2400]),
    ...(random.chance(0.5) && { nbf: iat }),
    jti: `jti-${n}`,
    act: { sub: spiffe(agent), ...history(random.below(7)) },
    authorization_details: random.chance(0.5) ? [...others, grant] : [grant, ...others],
    ...random.pick<object>([
      {},
      { client_id: 'c', email: 'caf\u00e9@acme.example' },
      { groups: ['a', 'b'], read_only: false },
    ]),
  };
  return { header: { alg: 'ES256', typ: random.pick(TYPES), kid }, claims };
}

/** Actors before the one of now. */
function history(depth: number): object {
  return depth === 0 ? {} : { act: { sub: `former-${depth}`, ...history(depth - 1) } };
}

/** Envoy's two ways to send headers; both at once where they agree. */
function encodings(headers: readonly [string, string][], random: Random): object {
  const map = { headers: Object.fromEntries(headers) };
  const list = { header_map: { headers: headers.map(([key, value]) => ({ key, raw_value: Buffer.from(value) })) } };
  return random.pick([map, list, { ...map, ...list }]);
}

function certificateOf(kind: number, id: string): string {
  const key = `${kind} ${id}`;
  let certificate = certificates.get(key);
  if (certificate === undefined) {
    certificate = encodeURIComponent(issueSvid(authority, CERTIFICATES[kind]?.(id) ?? {}).certificate);
    certificates.set(key, certificate);
  }
  return certificate;
}
