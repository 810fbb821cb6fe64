/** Tokens that no row may accept. All but those that say otherwise are signed with a key that the issuer publishes. */
import type { Random } from './random.ts';
import type { FuzzWorld, Seed } from './seeds.ts';
import { base64url } from './signer.ts';

type Members = Readonly<Record<string, unknown>>;
type Forge = (seed: Seed, other: Seed, parts: Parts) => string;

interface Parts {
  readonly random: Random;
  readonly fuzz: FuzzWorld;
}

const DAY = 86_400;
const seconds = () => Math.floor(Date.now() / 1000);
const nested = (depth: number): object => (depth === 0 ? {} : { sub: `spiffe://td/${depth}`, act: nested(depth - 1) });

/** Claims that replace the seed's; `undefined` takes one out. Each alone makes the token worthless. */
const CLAIMS: Readonly<Record<string, (seed: Seed, other: Seed) => Members>> = {
  'iss with a slash': ({ claims }) => ({ iss: `${String(claims['iss'])}/` }),
  'iss in capitals': ({ claims }) => ({ iss: String(claims['iss']).toUpperCase() }),
  'iss of nobody': () => ({ iss: 'https://evil.example' }),
  'iss a list': ({ claims }) => ({ iss: [claims['iss']] }),
  'no iss': () => ({ iss: undefined }),
  'aud of another service': () => ({ aud: 'https://evil.example' }),
  'aud that begins alike': ({ claims }) => ({ aud: `${String(claims['aud'])}.evil.example` }),
  'aud in capitals': ({ claims }) => ({ aud: [String(claims['aud']).toUpperCase()] }),
  'aud empty': () => ({ aud: [] }),
  'no aud': () => ({ aud: undefined }),
  'aud an object': ({ claims }) => ({ aud: { 0: claims['aud'] } }),
  'exp past': () => ({ iat: seconds() - 700, exp: seconds() - 100 }),
  'exp as text': ({ claims }) => ({ exp: String(claims['exp']) }),
  'exp negative': () => ({ exp: -1 }),
  'exp beyond numbers': () => ({ exp: 1e300 }),
  'no exp': () => ({ exp: undefined }),
  'no iat': () => ({ iat: undefined }),
  'iat in the future': () => ({ iat: seconds() + 300, exp: seconds() + 900 }),
  'nbf in the future': () => ({ nbf: seconds() + 300 }),
  'a life of a day': () => ({ exp: seconds() + DAY }),
  'no scope': () => ({ scope: undefined }),
  'scope that begins alike': ({ claims }) => ({ scope: `${String(claims['scope'])}x` }),
  'scope in capitals': ({ claims }) => ({ scope: String(claims['scope']).toUpperCase() }),
  'scope a list': ({ claims }) => ({ scope: [claims['scope']] }),
  'scopes joined with a comma': ({ claims }) => ({ scope: `a,${String(claims['scope'])}` }),
  'no sub': () => ({ sub: undefined }),
  'sub with a line end': ({ claims }) => ({ sub: `${String(claims['sub'])}\r\nx-behalf-agent: evil` }),
  'sub with a NUL': () => ({ sub: 'root\u0000' }),
  'sub with a bidi override': () => ({ sub: '\u202Etoor' }),
  'no act': () => ({ act: undefined }),
  'act null': () => ({ act: null }),
  'act text': ({ claims }) => ({ act: (claims['act'] as { sub: string }).sub }),
  'act a list': ({ claims }) => ({ act: [claims['act']] }),
  'act without sub': () => ({ act: {} }),
  'act of nobody': () => ({ act: { sub: 'spiffe://prod.acme.example/ns/agents/sa/nobody' } }),
  'act of another trust domain': () => ({ act: { sub: 'spiffe://staging.acme.example/ns/agents/sa/procurement' } }),
  'act of an agent that the row does not name': () => ({
    act: { sub: 'spiffe://prod.acme.example/ns/agents/sa/reporting' },
  }),
  'act with the peer as history': ({ claims }) => ({
    act: { sub: 'spiffe://prod.acme.example/ns/agents/sa/reporting', act: claims['act'] },
  }),
  'act nested too deep': ({ claims }) => ({ act: { ...(claims['act'] as object), act: nested(12) } }),
  'act in a loop': ({ claims }) => ({ act: { ...(claims['act'] as object), act: { sub: 'x', act: claims['act'] } } }),
  'the agent for itself': ({ claims }) => ({ sub: (claims['act'] as { sub: string }).sub }),
  'the agent alone': ({ claims }) => ({ sub: (claims['act'] as { sub: string }).sub, act: undefined }),
  'cnf with a thumbprint': () => ({ cnf: { 'x5t#S256': 'A'.repeat(43) } }),
  'cnf with a DPoP key': () => ({ cnf: { jkt: 'A'.repeat(43) } }),
  'cnf null': () => ({ cnf: null }),
  'no grant': () => ({ authorization_details: undefined }),
  'no grants': () => ({ authorization_details: [] }),
  'a grant that is no list': ({ claims }) => ({ authorization_details: grantOf(claims) }),
  'a grant of another type': ({ claims }) => grants({ ...grantOf(claims), type: 'other' }),
  'a grant for another action': ({ claims }) => grants({ ...grantOf(claims), actions: ['everything', '*'] }),
  'a grant for all actions': ({ claims }) => grants({ ...grantOf(claims), actions: ['*'] }),
  'a grant for another target': ({ claims }) => grants({ ...grantOf(claims), target: 'https://evil.example' }),
  'a grant in another context': ({ claims }, other) =>
    grants({ ...grantOf(claims), context: { ...(grantOf(other.claims)['context'] as object), evil: '1' } }),
  'a grant without context': ({ claims }) => grants({ ...grantOf(claims), context: {} }),
  'a grant without any context': ({ claims }) => grants({ ...grantOf(claims), context: undefined }),
  'a grant whose context has one key more': ({ claims }) =>
    grants({ ...grantOf(claims), context: { ...(grantOf(claims)['context'] as object), cost: '1' } }),
  'a grant whose context is lists': ({ claims }) =>
    grants({
      ...grantOf(claims),
      context: Object.fromEntries(
        Object.entries(grantOf(claims)['context'] as object).map(([key, value]) => [key, [value]]),
      ),
    }),
  'a grant that expired': ({ claims }) => grants({ ...grantOf(claims), expires_at: seconds() - 1 }),
  'a grant that expires as text': ({ claims }) => grants({ ...grantOf(claims), expires_at: '9999999999' }),
  'a grant that never expires': ({ claims }) => grants({ ...grantOf(claims), expires_at: undefined }),
  'a grant with a budget': ({ claims }) => grants({ ...grantOf(claims), budget: { calls: 1 } }),
  'a grant with a limit of its own': ({ claims }) => grants({ ...grantOf(claims), unless: 'weekend' }),
  'a grant whose id is no header': ({ claims }) => grants({ ...grantOf(claims), id: 'g\r\nx: y' }),
  'a thousand grants': ({ claims }) => ({
    authorization_details: Array.from({ length: 1000 }, () => ({ ...grantOf(claims), actions: ['x'] })),
  }),
};

const HEADERS: Readonly<Record<string, Members>> = {
  'alg HS256': { alg: 'HS256' },
  'alg RS256': { alg: 'RS256' },
  'alg in small letters': { alg: 'es256' },
  'alg a list': { alg: ['ES256'] },
  'no alg': { alg: undefined },
  'typ of an ID token': { typ: 'JWT' },
  'typ of a proof': { typ: 'dpop+jwt' },
  'no typ': { typ: undefined },
  'typ a number': { typ: 1 },
  jku: { jku: 'https://evil.example/jwks' },
  x5u: { x5u: 'https://evil.example/x5u' },
  x5c: { x5c: ['MIIB'] },
  'crit of nothing': { crit: [] },
  'crit of b64': { crit: ['b64'], b64: false },
  'crit of exp': { crit: ['exp'], exp: 1 },
  'no kid': { kid: undefined },
  'kid a path': { kid: '../../dev/null' },
  'kid a query': { kid: "' OR 1=1 --" },
  'kid of 300 characters': { kid: 'k'.repeat(300) },
  'kid empty': { kid: '' },
  'kid a number': { kid: 7 },
  'kid __proto__': { kid: '__proto__' },
};

const OTHERS: Readonly<Record<string, Forge>> = {
  'alg none': ({ header, claims }) => `${encode({ ...header, alg: 'none' })}.${encode(claims)}.`,
  'alg nOnE with a signature': ({ header, token }) => swap(token, 0, encode({ ...header, alg: 'nOnE' })),
  'a key of its own': (seed, _, { fuzz }) => {
    const header = JSON.stringify({ ...seed.header, jwk: fuzz.stranger.jwk });
    return fuzz.stranger.sign(header, JSON.stringify(seed.claims));
  },
  'the signature of a stranger': ({ header, claims }, _, { fuzz }) =>
    fuzz.stranger.sign(JSON.stringify(header), JSON.stringify(claims)),
  'the payload of another token': ({ token }, other) => swap(token, 1, other.token.split('.')[1] ?? ''),
  'the signature of another token': ({ token }, other) => swap(token, 2, other.token.split('.')[2] ?? ''),
  'an unsigned change': ({ token, claims }) => swap(token, 1, encode({ ...claims, sub: 'root' })),
  'sub named twice': (seed, _, { fuzz }) => twice(seed, 'sub', fuzz),
  'act named twice': (seed, _, { fuzz }) => twice(seed, 'act', fuzz),
  'aud named twice': (seed, _, { fuzz }) => twice(seed, 'aud', fuzz),
  'sub named twice, once in escapes': (seed, _, { fuzz }) => twice(seed, 'sub', fuzz, '\\u0073ub'),
  'alg named twice': ({ header, claims }, _, { fuzz }) =>
    fuzz.signer.sign(`{"alg":"none",${JSON.stringify(header).slice(1)}`, JSON.stringify(claims)),
  'members without end': ({ header, claims }, _, { fuzz }) => {
    const many = Object.fromEntries(Array.from({ length: 300 }, (__, n) => [`m${n}`, n]));
    return fuzz.signer.sign(JSON.stringify(header), JSON.stringify({ ...claims, ...many }));
  },
  'depth without end': ({ header, claims }, _, { fuzz }) =>
    fuzz.signer.sign(
      JSON.stringify(header),
      `${JSON.stringify(claims).slice(0, -1)},"x":${'['.repeat(500)}${']'.repeat(500)}}`,
    ),
  'a payload that is a list': ({ header, claims }, _, { fuzz }) =>
    fuzz.signer.sign(JSON.stringify(header), JSON.stringify([claims])),
  'a payload with a tail': ({ header, claims }, _, { fuzz }) =>
    fuzz.signer.sign(JSON.stringify(header), `${JSON.stringify(claims)}{}`),
  'a payload with a byte order mark': ({ header, claims }, _, { fuzz }) =>
    fuzz.signer.sign(JSON.stringify(header), `\uFEFF${JSON.stringify(claims)}`),
  'one bit flipped': ({ token }, _, { random }) => {
    const bytes = Buffer.from(token);
    const at = random.below(bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(7));
    return bytes.toString('latin1');
  },
  'cut off': ({ token }, _, { random }) => token.slice(0, random.below(token.length)),
  padding: ({ token }) => `${token}=`,
  'the other spelling of its last character': ({ token }) => token.slice(0, -1) + twinOf(token.at(-1) ?? ''),
  'standard base64': ({ token }) =>
    token
      .replaceAll('-', '+')
      .replaceAll('_', '/')
      .padEnd(token.length + 1, '='),
  'five parts': ({ token }) => `${token}.${token.split('.').slice(0, 2).join('.')}`,
  'JSON serialisation': ({ token }) =>
    JSON.stringify({ payload: token.split('.')[1], signatures: [] }).replaceAll(',', ';'),
  'a token of 17 KiB': ({ token }) => token + 'A'.repeat(17 * 1024),
  'the token of another request': (_, other) => other.token,
  noise: (_, __, { random }) => random.bytes(40).toString('base64url'),
  dots: (_, __, { random }) => '.'.repeat(1 + random.below(6)),
};

export const TOKEN_KINDS: readonly string[] = [...Object.keys(CLAIMS), ...Object.keys(HEADERS), ...Object.keys(OTHERS)];

/** A token of that kind for the seed's request. May, rarely, come out as the seed's own token: the judge sees that. */
export function hostileToken(kind: string, [seed, other]: readonly [Seed, Seed], parts: Parts): string {
  const { signer } = parts.fuzz;
  const claims = { ...seed.claims, ...CLAIMS[kind]?.(seed, other) };
  const header = { ...seed.header, ...HEADERS[kind] };
  return OTHERS[kind]?.(seed, other, parts) ?? signer.sign(JSON.stringify(header), JSON.stringify(claims));
}

function grantOf(claims: Members): Members {
  return (claims['authorization_details'] as readonly Members[])[0] ?? {};
}

function grants(grant: Members): Members {
  return { authorization_details: [grant] };
}

function encode(value: unknown): string {
  return base64url(JSON.stringify(value));
}

function swap(token: string, at: 0 | 1 | 2, part: string): string {
  return token.split('.').with(at, part).join('.');
}

/** Signed, and read by half of all parsers as the seed's own claims. */
function twice({ header, claims }: Seed, name: string, { signer }: FuzzWorld, spelled = name): string {
  const evil = JSON.stringify(name === 'act' ? { sub: 'spiffe://prod.acme.example/ns/agents/sa/reporting' } : 'evil');
  return signer.sign(JSON.stringify(header), `{"${spelled}":${evil},${JSON.stringify(claims).slice(1)}`);
}

/** Base64url: the last of 86 characters carries four bits, so 16 spellings decode alike (threats J13). */
function twinOf(last: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return alphabet[alphabet.indexOf(last) ^ 1] ?? '';
}
