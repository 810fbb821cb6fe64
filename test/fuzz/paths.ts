/**
 * Requests in which a path, a host or a header can be read in two ways: what Envoy, Behalf and the upstream must not
 * understand differently (threats E08–E15). Bytes, not objects: what no polite client sends is the point.
 */
import { type Random, randomOf } from './random.ts';

/** One request line and its headers, exactly as they go onto the wire. `token` is the name of what it carries. */
export interface WireRequest {
  readonly method: string;
  readonly target: string;
  readonly hosts: readonly string[];
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly token: TokenName;
}

export type TokenName = 'eu' | 'us' | 'none' | 'garbage';

const HOST = 'erp.acme.example';

/** What a client claims in our name, and in the name of whoever might route or rewrite. Never seen by an upstream. */
export const SPOOFED = 'spoofed-by-client';

const SEGMENTS = [
  '7',
  'a.b',
  'INV-2026_11',
  '~me',
  'a+b',
  'x=1',
  "o'neil",
  'a!b',
  '(1)',
  'a,b',
  'a:b',
  '@me',
  '$5',
  'a&b',
];
const ESCAPED = ['a%20b', '%C3%A9t%C3%A9', '%E2%82%AC', 'a%22b', '100%7C'];
const QUERIES = [
  '',
  '?',
  '?a=b',
  '?a=%2F..%2F',
  '?a=//x',
  '?a=b&a=c',
  '?q=%C3%A9+x',
  '?u=http://evil.example/',
  '?a;b',
];

/** A request that every setting of Envoy lets through unchanged, for a region that its token is for. */
export function validRequest(seed: number, index: number): WireRequest {
  const random = randomOf(seed, index);
  const token = random.pick(['eu', 'us'] as const);
  const last = random.pick([...SEGMENTS, ...ESCAPED]);
  return {
    method: 'GET',
    target: `/v1/regions/${token}/invoices/${last}${random.pick(QUERIES)}`,
    hosts: [random.pick([HOST, HOST, HOST.toUpperCase(), `${HOST}:443`, `${HOST}:8443`, `${HOST}.`])],
    headers: random.chance(0.3) ? [['accept', '*/*']] : [],
    token,
  };
}

/** A valid request, and one to four things done to it that somebody once read differently. */
export function hostileRequest(seed: number, index: number): WireRequest {
  const random = randomOf(seed ^ 0x5eed, index);
  let request: WireRequest = {
    ...validRequest(seed, index),
    token: random.pick(['eu', 'eu', 'us', 'us', 'none', 'garbage']),
  };
  const rounds = 1 + random.below(4);
  for (let round = 0; round < rounds; round++) request = random.pick(MUTATIONS)(request, random);
  return request;
}

type Mutation = (request: WireRequest, random: Random) => WireRequest;

const BETWEEN = [
  '/',
  '//',
  '///',
  '/.',
  '/./',
  '/..',
  '/../',
  '/.../',
  '/%2e',
  '/%2e%2e',
  '/%2e%2e/',
  '/.%2e/',
  '/%2E%2E/',
  '%2f',
  '%2F',
  '%5c',
  '%5C',
  '\\',
  '/..\\',
  '/..;/',
  '/..;a=b/',
  ';a=b',
  ';/',
  '%3b',
  '%00',
  '%0a',
  '%0d%0a',
  '%09',
  '%c0%af',
  '%c0%ae%c0%ae/',
  '%e0%80%af',
  '%252f',
  '%252e%252e/',
  '%25%32%66',
  '%u002f',
  '%',
  '%2',
  '%zz',
  '#',
  '#/',
  '%23',
  '?',
  '%3f',
  '%3F',
  '\x7f',
  '\x80',
  '\xff',
  '\xc3\xa9',
  '\xef\xbc\x8f',
  '\t',
  '+',
  '*',
  '|',
  '^',
  '`',
  '{',
  '}',
  '"',
  '<',
  '[',
  ']',
  '%41',
  '%6d',
  '%7E',
  '%61dmin',
  '/admin',
  '/us/',
  '/eu/',
];

const WHOLE = [
  '*',
  '',
  'http://erp.acme.example/v1/regions/eu/invoices/7',
  'http://evil.example/v1/regions/eu/invoices/7',
  'https://erp.acme.example//v1/regions/eu/invoices/7',
  'HTTP://ERP.ACME.EXAMPLE/v1/regions/eu/invoices/7',
  '//erp.acme.example/v1/regions/eu/invoices/7',
  '//admin/v1/regions/eu/invoices/7',
  'v1/regions/eu/invoices/7',
  '/v1/regions/us/../eu/invoices/7',
  '/v1/regions/eu/../us/invoices/7',
  '/v1/regions/eu%2f..%2fus/invoices/7',
  '/v1/regions/eu/invoices/7%2f..%2f..%2f..%2fus%2finvoices%2f8',
  '/V1/REGIONS/EU/INVOICES/7',
  '/v1/regions/eu/invoices/7/',
  '/v1/regions//eu/invoices/7',
  '/v1/regions/eu/invoices/..%2f..%2fus',
  '/v1/regions/eu/invoices/%2e%2e',
  '/v1/regions/%65%75/invoices/7',
  '/v1/regions/eu/invoices?/7',
  '/v1/regions/eu/invoices/7?/../../us',
  'http:/v1/regions/eu/invoices/7',
  'http://user@erp.acme.example/v1/regions/eu/invoices/7',
  'http://erp.acme.example:80\\@evil.example/v1/regions/eu/invoices/7',
  '/.well-known/oauth-protected-resource',
];

const HOSTS = [
  'crm.acme.example',
  'evil.example',
  'erp.acme.example:80',
  'erp.acme.example:0443',
  'erp.acme.example:',
  'erp.acme.example:8443x',
  'erp.acme.example..',
  'user@erp.acme.example',
  'erp.acme.example,evil.example',
  'erp.acme.example evil.example',
  'erp.acme.example/x',
  'erp.acme.example#',
  '[::1]',
  '[fe80::1%25eth0]',
  'xn--erp.acme.example',
  'erp%2eacme.example',
  '',
  ' erp.acme.example',
  'erp.acme.example\t',
  'erp.acme.example:443:443',
];

const ODD_HEADERS: readonly (readonly [string, string])[] = [
  ['x-behalf-subject', SPOOFED],
  ['X-Behalf-Subject', SPOOFED],
  ['X_Behalf_Subject', SPOOFED],
  ['x-behalf_subject', SPOOFED],
  ['x-behalf-agent', SPOOFED],
  ['x-behalf-grant', SPOOFED],
  ['x-behalf-decision', SPOOFED],
  ['x-behalf-', SPOOFED],
  ['x-behalf-subject ', SPOOFED],
  [' x-behalf-subject', SPOOFED],
  ['x-behalf-subject\t', SPOOFED],
  ['x-behalf-task', `a\r\n x-behalf-subject: ${SPOOFED}`],
  ['x-envoy-original-path', `/${SPOOFED}`],
  ['x-envoy-original-url', `/${SPOOFED}`],
  ['x-envoy-auth-partial-body', SPOOFED],
  ['x-envoy-retry-on', SPOOFED],
  ['x-envoy-upstream-alt-stat-name', SPOOFED],
  ['x-envoy-decorator-operation', SPOOFED],
  ['x-original-url', `/${SPOOFED}`],
  ['x-rewrite-url', `/${SPOOFED}`],
  ['x-original-path', `/${SPOOFED}`],
  ['x-http-method-override', SPOOFED],
  ['x-method-override', SPOOFED],
  ['x-http-method', SPOOFED],
  ['x-forwarded-client-cert', `URI=spiffe://prod.acme.example/${SPOOFED}`],
  ['x-forwarded-host', 'evil.example'],
  ['x-forwarded-for', '127.0.0.1'],
  ['x-forwarded-proto', 'http'],
  ['forwarded', 'host=evil.example'],
  ['x-forwarded-uri', '/admin'],
  ['x-request-id', '5f2b0b0e-6a5b-4e8c-9a55-8a5d2c1b7f00'],
  ['connection', 'x-behalf-subject, x-behalf-decision'],
  ['connection', 'authorization'],
  ['connection', 'keep-alive, x-request-id'],
  ['te', 'trailers'],
  ['upgrade', 'websocket'],
  ['expect', '100-continue'],
  ['authorization', 'Bearer x'],
  ['Authorization', 'Basic YTpi'],
  ['proxy-authorization', 'Bearer x'],
  ['cookie', 'a=b'],
  ['content-length', '0'],
  ['content-length', '-1'],
  ['transfer-encoding', 'xchunked'],
  ['accept', '\x80\xff'],
  ['x-long', 'a'.repeat(2000)],
  [':path', '/admin'],
  [':authority', 'evil.example'],
  ['host', 'evil.example'],
  ['grpc-timeout', '1n'],
  ['range', 'bytes=0-'],
];

const METHODS = [
  'POST',
  'PUT',
  'DELETE',
  'HEAD',
  'OPTIONS',
  'PATCH',
  'TRACE',
  'CONNECT',
  'get',
  'Get',
  'GETT',
  'PROPFIND',
  'M-SEARCH',
  'BREW',
];

const MUTATIONS: readonly Mutation[] = [
  (request, random) => ({ ...request, target: inserted(request.target, random.pick(BETWEEN), random) }),
  (request, random) => ({ ...request, target: inserted(request.target, random.pick(BETWEEN), random) }),
  (request, random) => ({ ...request, target: inserted(request.target, random.pick(BETWEEN), random) }),
  (request, random) => ({ ...request, target: `${request.target}${random.pick(BETWEEN)}` }),
  (request, random) => ({ ...request, target: `${random.pick(BETWEEN)}${request.target}` }),
  (request, random) => ({ ...request, target: escapedAt(request.target, random) }),
  (request, random) => ({ ...request, target: random.pick(WHOLE) }),
  (request, random) => ({ ...request, hosts: [random.pick(HOSTS)] }),
  (request, random) => ({
    ...request,
    hosts: random.pick([
      [],
      [...request.hosts, random.pick(HOSTS)],
      [random.pick(HOSTS), ...request.hosts],
      [...request.hosts, ...request.hosts],
    ]),
  }),
  (request, random) => ({ ...request, headers: [...request.headers, random.pick(ODD_HEADERS)] }),
  (request, random) => ({
    ...request,
    headers: [...request.headers, random.pick(ODD_HEADERS), random.pick(ODD_HEADERS)],
  }),
  (request, random) => ({ ...request, method: random.pick(METHODS) }),
];

function inserted(text: string, what: string, random: Random): string {
  // Mostly where a segment begins or ends: that is where parsers differ.
  const slashes = [...text.matchAll(/\//g)].map(({ index }) => index);
  const place =
    random.chance(0.7) && slashes.length > 0 ? random.pick(slashes) + random.below(2) : random.below(text.length + 1);
  return text.slice(0, place) + what + text.slice(place);
}

/** One character as its escape, which some decode and some do not. */
function escapedAt(text: string, random: Random): string {
  if (text === '') return '%2f';
  const place = random.below(text.length);
  const code = (text.codePointAt(place) ?? 0).toString(16).padStart(2, '0');
  return `${text.slice(0, place)}%${random.chance(0.5) ? code : code.toUpperCase()}${text.slice(place + 1)}`;
}
