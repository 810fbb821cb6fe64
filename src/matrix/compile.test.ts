import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../config/problem.ts';
import { type LoadMatrixOptions, loadMatrix } from './compile.ts';

const DEMO = fileURLToPath(new URL('../../demo/matrix.yaml', import.meta.url));
const IDP = 'https://idp.acme.example';
const folder = mkdtempSync(join(tmpdir(), 'behalf-matrix-'));

/** A matrix with two rows; each test changes one thing about it. */
const BASE = `trustDomain: prod.acme.example
authorities:
  mesh: { kind: spiffe, owner: platform }
  workforce: { kind: oidc, issuer: ${IDP}, owner: iam, grants: true }
agents:
  buyer: { spiffeId: spiffe://prod.acme.example/ns/agents/sa/buyer }
hops:
  erp.read:
    description: Reads
    protocol: http
    boundary: agents -> erp
    match: { hosts: [erp.acme.example], methods: [GET], path: "/r/{region}/i/{id}" }
    agents: [buyer]
    credential: { type: access-token, authority: workforce, audience: aud, scopes: [read], maxLifetime: 1h }
    delegation: { grant: token, action: read, context: { region: path.region } }
  erp.write:
    description: Writes
    protocol: http
    boundary: agents -> erp
    match: { hosts: [erp.acme.example], methods: [PUT], path: "/r/{region}/i/{id}" }
    agents: [buyer]
    credential: { type: access-token, authority: workforce, audience: aud, scopes: [write], maxLifetime: 10m }
    delegation: { mode: forbidden, action: write }
`;

function load(text: string, options: LoadMatrixOptions = {}) {
  const path = join(folder, 'matrix.yaml');
  writeFileSync(path, text);
  return loadMatrix(path, options);
}

function problems(text: string, options: LoadMatrixOptions = {}): string {
  try {
    load(text, options);
  } catch (error) {
    if (error instanceof ConfigError) return error.message.replaceAll(`${folder}/`, '');
    throw error;
  }
  return '';
}

describe('loadMatrix', () => {
  it("loads the demo's matrix, with the issuers of the demo's config", () => {
    const matrix = loadMatrix(DEMO, { issuers: [IDP] });
    expect([...matrix.hops.keys()]).toContain('erp.payments.finalize');
    expect(matrix.revision).toBe(createHash('sha256').update(readFileSync(DEMO)).digest('hex').slice(0, 12));
  });

  it('resolves every reference, so that a Check looks nothing up', () => {
    const matrix = load(BASE);
    const hop = matrix.hops.get('erp.read');
    expect(hop).toMatchObject({
      id: 'erp.read',
      sender: 'peer',
      agents: [{ name: 'buyer', spiffeId: 'spiffe://prod.acme.example/ns/agents/sa/buyer', clientIds: {} }],
      credential: { issuer: IDP, maxLifetime: 3600, authority: { name: 'workforce', grants: true } },
      delegation: { mode: 'required', grant: 'token', context: { region: { from: 'path', name: 'region' } } },
    });
    expect(hop?.match.path?.names).toEqual(['region', 'id']);
    expect(matrix).toMatchObject({ routing: 'explicit', trustDomains: new Set(['prod.acme.example']) });
  });

  it('hands out rows that nobody can change afterwards', () => {
    const hop = load(BASE).hops.get('erp.read');
    for (const part of [hop, hop?.match, hop?.credential, hop?.delegation, hop?.delegation.context, hop?.agents]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });

  it('reads each way to show a context value', () => {
    const text = BASE.replace('{ region: path.region }', '{ a: query.q, b: header.x-tenant, c: body./items/0/~1id }');
    expect(load(text).hops.get('erp.read')?.delegation.context).toEqual({
      a: { from: 'query', name: 'q' },
      b: { from: 'header', name: 'x-tenant' },
      c: { from: 'body', name: '/items/0/~1id' },
    });
  });

  it('takes the keys that say what is so anyway', () => {
    const extra = '    sender: peer\n    onFailure: deny\n    rollout: { mode: enforce }\n';
    expect(problems(BASE.replace('    agents: [buyer]\n', `    agents: [buyer]\n${extra}`))).toBe('');
  });

  it('takes other trust domains by name', () => {
    const text = BASE.replace('authorities:', 'federates: [partner.example]\nauthorities:').replace(
      'spiffe://prod.acme.example/',
      'spiffe://partner.example/',
    );
    expect(load(text).trustDomains).toEqual(new Set(['prod.acme.example', 'partner.example']));
  });

  it('takes client ids, under authorities that are there', () => {
    const text = (authority: string) =>
      BASE.replace('/sa/buyer }', `/sa/buyer, clientIds: { ${authority}: buyer-1 } }`);
    expect(load(text('workforce')).agents[0]?.clientIds).toEqual({ workforce: 'buyer-1' });
    expect(problems(text('workforc'))).toContain(
      'there is no authority of kind oidc or broker "workforc"; did you mean "workforce"?',
    );
    expect(problems(text('mesh'))).toContain('there is no authority of kind oidc or broker "mesh"');
  });
});

describe('a matrix is refused for', () => {
  it.each<[string, string | RegExp, string, string]>([
    [
      'an unknown key',
      'trustDomain: p',
      'trustDomian: p',
      'matrix.yaml:1:1: unknown key "trustDomian"; did you mean "trustDomain"?',
    ],
    [
      'an unknown key of a row',
      'boundary: agents',
      'bondary: agents',
      'matrix.yaml:11:5: unknown key "hops.erp.read.bondary"; did you mean "boundary"?',
    ],
    [
      'an unknown key of an authority',
      'grants: true',
      'grant: true',
      'matrix.yaml:4:74: unknown key "authorities.workforce.grant"; did you mean "grants"?',
    ],
    [
      'a row that is there twice',
      'erp.write:',
      'erp.read:',
      'matrix.yaml:16:3: the key "erp.read" is there twice; keep one',
    ],
    [
      'a key of a later version',
      'boundary:',
      'exchange: {}\n    boundary:',
      'the key "hops.erp.read.exchange" is not in this version',
    ],
    [
      'an unknown kind',
      'kind: spiffe',
      'kind: saml',
      'matrix.yaml:3:17: authorities.mesh.kind: use spiffe, oidc or broker',
    ],
    [
      'a grant context where delegation is forbidden',
      'forbidden, action: write',
      'forbidden, action: write, context: { a: path.id }',
      'a row that forbids delegation reads no grant',
    ],
    [
      'a missing agent',
      'agents: [buyer]',
      'agents: [byer]',
      'matrix.yaml:13:14: hops.erp.read.agents[0]: there is no agent "byer"; did you mean "buyer"?',
    ],
    ['an agent named like a builtin', 'agents: [buyer]', 'agents: [constructor]', 'there is no agent "constructor"'],
    [
      'a missing authority',
      'authority: workforce',
      'authority: workfroce',
      'hops.erp.read.credential.authority: there is no authority "workfroce"; did you mean "workforce"?',
    ],
    [
      'an authority that issues no tokens',
      'authority: workforce',
      'authority: mesh',
      'authority "mesh" issues no tokens; name one of kind oidc',
    ],
    [
      'grants by who may not assert them',
      ', grants: true',
      '',
      'hops.erp.read.delegation.grant: authority "workforce" may not assert grants',
    ],
    [
      'a context segment that is not in the path',
      'path.region',
      'path.regoin',
      'hops.erp.read.delegation.context.region: the path has no segment {regoin}; did you mean "region"?',
    ],
    [
      'a context that says nowhere',
      'path.region',
      'region',
      'must be path.NAME, query.NAME, header.NAME (lower case) or body./json/pointer',
    ],
    [
      'a header in upper case',
      'path.region',
      'header.X-Region',
      'must be path.NAME, query.NAME, header.NAME (lower case)',
    ],
    ['a bad JSON pointer', 'path.region', 'body./a~2', 'must be path.NAME, query.NAME'],
    [
      'a SPIFFE ID outside the trust domain (S08)',
      '://prod.acme.example/',
      '://staging.acme.example/',
      'agents.buyer.spiffeId: its trust domain "staging.acme.example" is neither trustDomain nor in federates',
    ],
    [
      'a SPIFFE ID in upper case (S06)',
      '://prod.acme.example/',
      '://PROD.acme.example/',
      'agents.buyer.spiffeId: must be a SPIFFE ID with a path',
    ],
    ['a SPIFFE ID without path', '/ns/agents/sa/buyer', '', 'must be a SPIFFE ID with a path'],
    ['a SPIFFE ID with dot segments', '/ns/agents', '/ns/../agents', 'must be a SPIFFE ID with a path'],
    ['a SPIFFE ID that ends with a slash', 'sa/buyer', 'sa/buyer/', 'must be a SPIFFE ID with a path'],
    [
      'one identity for two agents',
      'hops:',
      '  other: { spiffeId: spiffe://prod.acme.example/ns/agents/sa/buyer }\nhops:',
      'agents.other.spiffeId: names agent "buyer" too',
    ],
    [
      'one issuer for two authorities',
      'agents:\n',
      `  second: { kind: oidc, issuer: ${IDP}, owner: x }\nagents:\n`,
      'authorities.second.issuer: is the issuer of authority "workforce" too',
    ],
    [
      'its own trust domain as a federated one',
      'authorities:',
      'federates: [prod.acme.example]\nauthorities:',
      'federates[0]: this is trustDomain itself',
    ],
    [
      'a host with a wildcard',
      'hosts: [erp.acme.example]',
      'hosts: ["*.acme.example"]',
      'must be a host in lower case',
    ],
    ['a host in upper case', 'hosts: [erp.acme.example]', 'hosts: [ERP.acme.example]', 'must be a host in lower case'],
    [
      'a host with a port that Envoy does not state',
      'hosts: [erp.acme.example]',
      'hosts: ["erp.acme.example:443"]',
      'port 80 or port 443',
    ],
    ['a method that is none', 'methods: [GET]', 'methods: [get]', '"get" is not accepted; use GET, HEAD'],
    [
      'a bad path template',
      '"/r/{region}/i/{id}"',
      '"/r/{region}/i/{region}"',
      'hops.erp.read.match.path: {region} is there twice',
    ],
    [
      'a path that is not one',
      '"/r/{region}/i/{id}"',
      'r',
      'hops.erp.read.match.path: must be a path that begins with "/"',
    ],
    ['no scope', 'scopes: [read]', 'scopes: []', 'hops.erp.read.credential.scopes: must name at least one'],
    [
      'more scopes than a challenge has room for',
      'scopes: [read]',
      `scopes: [${Array.from({ length: 33 }, (_, n) => `s${n}`).join(', ')}]`,
      'hops.erp.read.credential.scopes: must name at most 32',
    ],
    ['a scope of 61 characters', 'scopes: [read]', `scopes: [${'r'.repeat(61)}]`, 'must be one scope: at most 60'],
    ['a scope with a quote', 'scopes: [read]', `scopes: ['a"b']`, 'must be one scope'],
    ['a scope with a space', 'scopes: [read]', 'scopes: ["a b"]', 'must be one scope'],
    ['a lifetime without unit', 'maxLifetime: 1h', 'maxLifetime: 3600', 'must be a duration such as 30s, 5m, 1h or 7d'],
    ['a bad row id', 'erp.write:', '"erp write":', 'matrix.yaml:16:3: hops.erp write: a name is letters, digits'],
    ['an agent that would vanish', '  buyer:', '  __proto__: {}\n  buyer:', 'matrix.yaml:6:3: unknown key "__proto__"'],
    ['no rows', /hops:[^]*/, 'hops: {}\n', 'hops: must have at least one row'],
    [
      'a missing key',
      '    boundary: agents -> erp\n',
      '',
      'matrix.yaml:8:3: the key "hops.erp.read.boundary" is missing',
    ],
    ['gRPC by GET', 'protocol: http', 'protocol: grpc', 'hops.erp.read.match.methods: a gRPC request is always a POST'],
  ])('%s', (_, wrong, replacement, problem) => {
    const text = BASE.replace(wrong, replacement);
    expect(text).not.toBe(BASE);
    expect(problems(text)).toContain(problem);
  });

  it('an issuer that behalf.yaml does not have', () => {
    expect(problems(BASE, { issuers: [IDP] })).toBe('');
    expect(problems(BASE, { issuers: [`${IDP}/`] })).toBe(
      `matrix.yaml:4:36: authorities.workforce.issuer: behalf.yaml has no issuers entry of this issuer; did you mean "${IDP}/"?`,
    );
  });

  it('a body context on a gRPC row', () => {
    const text = BASE.replace('protocol: http', 'protocol: grpc')
      .replace('[GET]', '[POST]')
      .replace('path.region', 'body./a');
    expect(problems(text)).toContain('a gRPC request has no JSON body to read');
  });

  it('an empty file, so that a half-written one changes nothing (Y05)', () => {
    expect(problems('')).toBe('matrix.yaml:1:1: the file is empty');
  });
});

describe('rows for the same request', () => {
  const with2nd = (match: string, routing = 'explicit') =>
    BASE.replace('authorities:', `routing: ${routing}\nauthorities:`).replace(
      /match: \{.*\[PUT\].*\}/,
      `match: ${match}`,
    );
  const same = '{ hosts: [x.example, erp.acme.example], methods: [POST, GET], path: "/r/{r}/i/{i}" }';
  const narrower = '{ hosts: [erp.acme.example], methods: [GET], path: "/r/eu/i/{i}" }';
  const tail = '{ hosts: [erp.acme.example], methods: [GET], path: "/r/{rest+}" }';

  it('are refused where host, method and shape of path are the same', () => {
    expect(problems(with2nd(same))).toContain('hops.erp.write.match: row "erp.read" is for the same requests');
  });

  it.each([narrower, tail])(
    'may overlap where the Envoy route chooses, and not where match alone does: %s',
    (match) => {
      expect(problems(with2nd(match))).toBe('');
      expect(problems(with2nd(match, 'match'))).toContain('row "erp.read" is for the same requests');
    },
  );

  it.each([
    ['/p/', '/p/{region}'],
    ['/p/{region}', '/p/'],
    ['/p/', '/p/{rest+}'],
    ['/', '/{x}'],
  ])('are not %s and %s: an empty segment matches no name', (left, right) => {
    const text = with2nd(`{ hosts: [erp.acme.example], methods: [GET], path: "${left}" }`, 'match')
      .replace('"/r/{region}/i/{id}"', `"${right}"`)
      .replace('{ region: path.region }', '{}');
    expect(problems(text)).toBe('');
    expect(problems(text.replace(`"${left}"`, `"${right}"`))).toContain('is for the same requests');
  });

  it.each([
    '{ hosts: [other.example], methods: [GET], path: "/r/{r}/i/{i}" }',
    '{ hosts: [erp.acme.example], methods: [GET], path: "/r/{r}/j/{i}" }',
    '{ hosts: [erp.acme.example], methods: [GET], path: "/r/{r}/i" }',
    '{ hosts: [erp.acme.example], methods: [GET], path: "/r/{r}/i/{i}/{rest+}" }',
  ])('are not those that differ: %s', (match) => {
    expect(problems(with2nd(match, 'match'))).toBe('');
  });
});
