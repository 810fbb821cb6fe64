/** Well-formed messages that say something hostile: what Envoy could be made to send, and what only an attacker could. */
import type { CheckRequest } from '../../src/generated/envoy/service/auth/v3/CheckRequest.ts';
import { type AgentName, encodeCheckRequest, spiffe } from '../fakes/check-world.ts';
import type { Broken } from './broken-bytes.ts';
import { CERTIFICATES, issued, PEMS } from './hostile-certificates.ts';
import { hostileToken } from './hostile-tokens.ts';
import { AUTHORIZATIONS, HOSTS, METHODS, NAMES, NOT_UTF8, PATHS, VALUES } from './hostile-values.ts';
import type { Random } from './random.ts';
import type { FuzzWorld, Seed } from './seeds.ts';

type Attributes = NonNullable<CheckRequest['attributes']>;
type Http = NonNullable<NonNullable<Attributes['request']>['http']>;

interface Case {
  readonly seed: Seed;
  readonly other: Seed;
  readonly attributes: Attributes;
  readonly http: Http;
  readonly random: Random;
  readonly fuzz: FuzzWorld;
}

const KINDS: Readonly<Record<string, (each: Case) => void>> = {
  'a hostile path': ({ http, random }) => {
    const path = random.pick(PATHS)(http.path ?? '', random);
    say(http, random, { attribute: () => (http.path = path), header: [':path', path] });
  },
  'a hostile host': ({ http, random }) => {
    const host = random.pick(HOSTS)(http.host ?? '');
    say(http, random, { attribute: () => (http.host = host), header: [':authority', host] });
  },
  'another method': ({ http, random }) => {
    const method = random.pick(METHODS);
    say(http, random, { attribute: () => (http.method = method), header: [':method', method] });
  },
  'a query or body apart': ({ http, random, other }) => {
    random.pick([
      () => (http.query = 'x=1'),
      () => (http.fragment = 'x'),
      () => (http.body = JSON.stringify({ to: `vendor-${random.below(40)}` })),
      () => (http.body = '{"to":"a","to":"b"}'),
      () => (http.raw_body = Buffer.from(JSON.stringify({ to: other.grant.id }))),
      () => (http.raw_body = Buffer.from([0x22, 0xff])),
      () => (http.size = 10_000),
    ])();
  },
  'hostile headers': ({ http, random, seed, other }) => {
    for (let left = random.pick([1, 1, 2, 3, 50]); left > 0; left--) {
      addHeader(http, random.pick(NAMES), random.pick(VALUES)(seed, other));
    }
  },
  'both encodings': ({ http, random, seed, other }) => {
    const headers = headersOf(http);
    http.headers = Object.fromEntries(headers);
    http.header_map = { headers: headers.map(([key, value]) => ({ key, raw_value: Buffer.from(value) })) };
    if (random.chance(0.8)) http.headers[random.pick(NAMES)] = random.pick(VALUES)(seed, other);
  },
  'no encoding': ({ http, random }) => {
    if (random.chance(0.5)) delete http.headers;
    if (random.chance(0.5)) delete http.header_map;
  },
  'an authorization header that is none': ({ http, random, seed, other }) => {
    setHeader(http, 'authorization', random.pick(AUTHORIZATIONS)(seed.token, other.token));
  },
  'a second authorization header': ({ http, random, seed, other }) => {
    const name = random.pick(['authorization', 'Authorization', 'AUTHORIZATION']);
    addHeader(http, name, `Bearer ${random.pick([seed, other]).token}`);
  },
  'another certificate': ({ attributes, random, seed, other }) => {
    const id = spiffe(random.pick([seed, other]).agent);
    const certificate = issued(random.pick(Object.keys(CERTIFICATES)), id);
    attributes.source = { ...attributes.source, certificate, principal: random.pick(['', id]) };
  },
  'another agent': ({ attributes, random, fuzz }) => {
    const agent = random.pick<AgentName>(['procurement', 'support', 'reporting']);
    const certificate = fuzz.world.certificates[agent];
    attributes.source = { ...attributes.source, certificate, principal: random.pick(['', spiffe(agent)]) };
  },
  'a broken certificate': ({ attributes, random, seed, fuzz }) => {
    const pem = decodeURIComponent(fuzz.world.certificates[seed.agent]);
    attributes.source = { ...attributes.source, certificate: random.pick(PEMS)(pem, random) };
  },
  'another principal': ({ attributes, random, seed }) => {
    const principal = random.pick([
      'spiffe://prod.acme.example/other',
      `${spiffe(seed.agent)}/`,
      'CN=procurement',
      '\u0000',
    ]);
    attributes.source = { ...attributes.source, principal };
  },
  'other context extensions': ({ attributes, random, seed, other }) => {
    attributes.context_extensions = random.pick<Record<string, string>>([
      {},
      { 'behalf.hop': '' },
      { 'behalf.hop': other.hop.id },
      { 'behalf.hop': `${seed.hop.id} ` },
      { 'behalf.hop': seed.hop.id.toUpperCase() },
      { 'behalf.hop': 'erp.payments.finalize' },
      { 'behalf.hop': '__proto__' },
      { 'behalf.hop': 'constructor' },
      { 'Behalf.Hop': seed.hop.id },
      { behalf_hop: seed.hop.id },
      { 'behalf.hop': seed.hop.id, 'behalf.trust': 'all', policy: 'allow' },
    ]);
  },
  'a part taken out': ({ attributes, http, random }) => {
    random.pick([
      () => delete attributes.source,
      () => delete attributes.request,
      () => delete attributes.destination,
      () => delete http.method,
      () => delete http.host,
      () => delete http.path,
      () => delete http.body,
      () => delete http.raw_body,
      () => delete http.size,
      () => delete http.headers,
      () => delete attributes.source?.certificate,
      () => delete attributes.source?.principal,
    ])();
  },
  'the parts of two requests': ({ attributes, http, random, other }) => {
    const theirs = structuredClone(other.message.attributes) ?? {};
    const from = theirs.request?.http ?? {};
    random.pick([
      () => (attributes.source = theirs.source ?? null),
      () => (attributes.context_extensions = theirs.context_extensions ?? {}),
      () => setHeader(http, 'authorization', `Bearer ${other.token}`),
      () => Object.assign(http, { body: from.body, raw_body: from.raw_body, size: from.size }),
      () => {
        http.path = from.path ?? '';
        setHeader(http, ':path', from.path ?? '');
      },
    ])();
  },
};

export const HOSTILE_KINDS: readonly string[] = Object.keys(KINDS);

/** An allowed request with one thing about it made hostile. */
export function hostileRequest(kind: string, fuzz: FuzzWorld, random: Random): Broken {
  const [seed, other] = [random.pick(fuzz.seeds), random.pick(fuzz.seeds)];
  return remade(kind, { seed, other, random, fuzz }, (each) => KINDS[kind]?.(each));
}

/** An allowed request with a token of that kind in the place of its own. */
export function requestWithToken(kind: string, fuzz: FuzzWorld, random: Random): Broken {
  const [seed, other] = [random.pick(fuzz.seeds), random.pick(fuzz.seeds)];
  return remade(`a token with ${kind}`, { seed, other, random, fuzz }, ({ http }) => {
    setHeader(http, 'authorization', `Bearer ${hostileToken(kind, [seed, other], { random, fuzz })}`);
  });
}

function remade(kind: string, parts: Omit<Case, 'attributes' | 'http'>, change: (each: Case) => void): Broken {
  const message = structuredClone(parts.seed.message);
  const { attributes } = message;
  const http = attributes?.request?.http;
  if (!attributes || !http) throw new TypeError('a seed has no HTTP request');
  change({ ...parts, attributes, http });
  return { kind, bytes: withoutUtf8(encodeCheckRequest(message), parts.random), parents: [parts.seed, parts.other] };
}

/** Says one thing in the attribute, in its pseudo-header, or in both. */
function say(
  http: Http,
  random: Random,
  { attribute, header }: { attribute: () => void; header: readonly [string, string] },
): void {
  const where = random.below(3);
  if (where !== 0) attribute();
  if (where !== 1) setHeader(http, ...header);
}

function headersOf({ headers, header_map: list }: Http): [string, string][] {
  if (headers) return Object.entries(headers);
  return (list?.headers ?? []).map(({ key = '', raw_value = '' }) => [key, String(raw_value)]);
}

function setHeader(http: Http, name: string, value: string): void {
  const raw_value = Buffer.from(value);
  if (http.headers) http.headers[name] = value;
  const found = http.header_map?.headers?.find(({ key }) => key === name);
  if (found) found.raw_value = raw_value;
}

/** Beside what is there: in the map encoding a second value of one name is a second spelling, or joined with a comma. */
function addHeader(http: Http, name: string, value: string): void {
  http.header_map?.headers?.push({ key: name, raw_value: Buffer.from(value) });
  if (!http.headers) return;
  const earlier = Object.hasOwn(http.headers, name) ? http.headers[name] : undefined;
  http.headers[name] = earlier === undefined ? value : `${earlier},${value}`;
}

function withoutUtf8(bytes: Buffer, random: Random): Buffer {
  const at = bytes.indexOf(NOT_UTF8);
  if (at < 0) return bytes;
  Buffer.from(Array.from(NOT_UTF8, () => 128 + random.below(128))).copy(bytes, at);
  return withoutUtf8(bytes, random);
}
