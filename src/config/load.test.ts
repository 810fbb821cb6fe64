import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { type LoadOptions, loadConfig, loadListen } from './load.ts';
import { ConfigError } from './problem.ts';

const BASE = `matrix: ./matrix.yaml
issuers:
  - issuer: https://idp.acme.example
    jwks: { uri: https://idp.acme.example/jwks }
policy:
  bundle: ./bundle.tar.gz
`;
const KEYS = '{"keys":[{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}]}';
const SECRET = 'a-secret-that-nobody-may-see';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'behalf-config-'));
});

function load(text: string, options: Partial<LoadOptions> = {}) {
  const path = join(folder, 'behalf.yaml');
  writeFileSync(path, text);
  return loadConfig({ path, env: {}, ...options });
}

function problems(text: string, options: Partial<LoadOptions> = {}): readonly string[] {
  try {
    load(text, options);
  } catch (error) {
    if (error instanceof ConfigError) return error.message.replaceAll(`${folder}/`, '').split('\n');
    throw error;
  }
  return [];
}

describe('loadConfig', () => {
  it('fills in safe defaults', () => {
    const { config, warnings } = load(BASE);
    expect(config).toMatchObject({
      listen: { check: '127.0.0.1:9191', admin: '127.0.0.1:9193' },
      peer: { from: 'certificate' },
      policy: { entrypoint: 'behalf/authz/decision' },
      denials: { detail: 'class' },
      provenance: { records: 'stdout', traces: 'otlp', subject: 'pseudonymous' },
      limits: { inFlight: 1000, messageBytes: 4_194_304 },
    });
    expect(config.issuers[0]).toMatchObject({ algorithms: ['ES256', 'RS256'], tokenTypes: ['at+jwt'], clockSkew: 30 });
    expect(warnings).toEqual([]);
  });

  it('resolves relative paths against the folder of the file', () => {
    mkdirSync(join(folder, 'keys'));
    writeFileSync(join(folder, 'keys/idp.json'), KEYS);
    const { config } = load(
      `${BASE.replace('uri: https://idp.acme.example/jwks', 'file: keys/idp.json')}
listen: { check: "unix:./check.sock" }
provenance: { records: "file:./records.ndjson", traces: "file:/var/spans.ndjson" }
`,
    );
    expect(config.matrix).toBe(join(folder, 'matrix.yaml'));
    expect(config.policy.bundle).toBe(join(folder, 'bundle.tar.gz'));
    expect(config.issuers[0]?.jwks).toEqual({ file: join(folder, 'keys/idp.json') });
    expect(config.listen.check).toBe(`unix:${join(folder, 'check.sock')}`);
    expect(config.provenance.records).toBe(`file:${join(folder, 'records.ndjson')}`);
    expect(config.provenance.traces).toBe('file:/var/spans.ndjson');
  });

  it.each([
    ['an unknown key', 'polcy: {}\n', 'behalf.yaml:7:1: unknown key "polcy"; did you mean "policy"?'],
    ['one further down', 'listen:\n  chek: x\n', 'behalf.yaml:8:3: unknown key "listen.chek"; did you mean "check"?'],
    [
      'one unlike all others',
      'listen: { zzz: 1 }\n',
      'behalf.yaml:7:11: unknown key "listen.zzz"; known here: check, admin',
    ],
    ['__proto__', '__proto__: { x: 1 }\n', 'behalf.yaml:7:1: unknown key "__proto__"'],
    [
      'a key of a later version',
      'provenance: { audit: strict }\n',
      'behalf.yaml:7:15: the key "provenance.audit" is not in this version; remove it',
    ],
    ['listen.http', 'listen: { http: x }\n', 'the key "listen.http" is not in this version; remove it'],
    [
      'peer.from: xfcc',
      'peer: { from: xfcc }\n',
      'behalf.yaml:7:15: peer.from: needs xfcc.trustedHops and xfcc.by: say whose header is believed',
    ],
    [
      'a word that is not in the list',
      'denials: { detail: al }\n',
      'denials.detail: "al" is not accepted; use class or full',
    ],
    [
      'a list in place of an address',
      'listen: { check: [x] }\n',
      'behalf.yaml:7:18: listen.check: must be HOST:PORT, unix:PATH, or a map of address and tls',
    ],
    [
      'a bad address in the map',
      'listen: { check: { address: x, tls: {} } }\n',
      'behalf.yaml:7:29: listen.check.address: must be HOST:PORT or unix:PATH',
    ],
    ['a map without tls', 'listen: { check: { address: "127.0.0.1:1" } }\n', 'the key "listen.check.tls" is missing'],
    [
      'a caller that is no SPIFFE ID [E29]',
      `listen: { check: { address: "127.0.0.1:1", tls: { cert: "file:a", key: "file:b", clientCa: "file:c", callers: [envoy] } } }\n`,
      'listen.check.tls.callers[0]: must be a SPIFFE ID',
    ],
    [
      'TLS files that are not there [E29]',
      `listen: { check: { address: "127.0.0.1:1", tls: { cert: "file:a", key: "file:b", clientCa: "file:c", callers: ["spiffe://td/envoy"] } } }\n`,
      'listen.check.tls: file:',
    ],
    [
      'a trust bundle that is not there [S13]',
      'peer: { trustBundles: { td.example: "file:./td.pem" } }\n',
      'behalf.yaml:7:37: peer.trustBundles.td.example: the bundle td.pem cannot be read: there is no such file',
    ],
    [
      'trust bundles where the header is believed [S01]',
      'peer: { from: xfcc, xfcc: { trustedHops: 1, by: ["spiffe://td/a"] }, trustBundles: { td: "file:x" } }\n',
      'peer.trustBundles: needs from: certificate',
    ],
    [
      'a proxy that is no SPIFFE ID [S01]',
      'peer: { from: xfcc, xfcc: { trustedHops: 1, by: ["spiffe://td/a/../b"] } }\n',
      'peer.xfcc.by[0]: must be a SPIFFE ID',
    ],
    ['text in place of a map', 'listen: x\n', 'behalf.yaml:7:9: listen: must be a map, not text'],
    ['a bad address', 'listen: { check: "9191" }\n', 'listen.check: must be HOST:PORT or unix:PATH'],
    ['a port past the last', 'listen: { check: "127.0.0.1:70000" }\n', 'listen.check: must be HOST:PORT or unix:PATH'],
    ['a number out of bounds', 'limits: { inFlight: 0 }\n', 'limits.inFlight: must be a whole number from 1 to 100000'],
    ['a bundle by HTTP without keys [P10]', 'policy: { bundle: "https://x/b" }\n', 'policy.bundle: needs keys', true],
    [
      'a bundle by http of another host, unsigned [P10]',
      'policy: { bundle: "http://x/b", unsigned: insecure }\n',
      'use https, or set policy.keys',
      true,
    ],
    [
      'a URL with a password',
      'policy: { bundle: "https://u:p@x/b", unsigned: insecure }\n',
      'policy.bundle: must be a URL without user',
      true,
    ],
    ['a token over http', 'policy: { bundle: "http://x/b", token: "env:T" }\n', 'policy.token: needs https', true],
    ['a token for a file', 'policy: { bundle: b, token: "env:T" }\n', 'policy.token: is only sent to a server', true],
    [
      'a token that is written down',
      'policy: { bundle: "https://x/b", unsigned: insecure, token: abc }\n',
      'policy.token: must be a reference',
      true,
    ],
    ['a scope without keys', 'policy: { bundle: b, scope: prod }\n', 'policy.scope: is only read with keys', true],
    [
      'keys and unsigned at once [P10]',
      'policy: { bundle: b, unsigned: insecure, keys: { k: "file:k" } }\n',
      'policy.unsigned: contradicts keys',
      true,
    ],
    [
      'a key that is not there [P10]',
      'policy: { bundle: b, keys: { k1: "file:./none.pem" } }\n',
      'policy.keys.k1: the key file none.pem cannot be read',
      true,
    ],
    [
      'a shared secret for a key [P10]',
      'policy: { bundle: b, keys: { k1: { file: k, algorithm: HS256 } } }\n',
      'policy.keys.k1.algorithm: "HS256" is not in this version',
      true,
    ],
    [
      'text that is no reference for a key',
      'policy: { bundle: b, keys: { k1: ./k.pem } }\n',
      'policy.keys.k1: must be file:PATH',
      true,
    ],
    [
      'a bad entrypoint',
      'policy: { bundle: b, entrypoint: "a b" }\n',
      'policy.entrypoint: must be a rule such as',
      true,
    ],
    [
      'a bad record target',
      'provenance: { records: /tmp/x }\n',
      'provenance.records: must be stdout, none or file:PATH',
    ],
  ])('refuses %s', (_, extra, problem, replacesPolicy = false) => {
    const base = replacesPolicy ? BASE.replace(/policy:\n.*\n/, '') : BASE;
    expect(problems(base + extra).join('\n')).toContain(problem);
  });

  it.each([
    ['a missing policy', BASE.replace(/policy:\n.*\n/, ''), 'behalf.yaml:1:1: the key "policy" is missing'],
    [
      'a missing bundle',
      BASE.replace('bundle: ./bundle.tar.gz', 'entrypoint: a/b'),
      'behalf.yaml:5:1: the key "policy.bundle" is missing',
    ],
    ['an empty value', BASE.replace('./matrix.yaml', ''), 'behalf.yaml:1:9: matrix: must be text'],
    [
      'an issuer twice',
      BASE.replace('policy:', '  - issuer: https://idp.acme.example\n    jwks: { uri: https://b.example/j }\npolicy:'),
      'behalf.yaml:5:13: issuers[1].issuer: this issuer is there twice',
    ],
    [
      'HMAC',
      BASE.replace('policy:', '    algorithms: [HS256]\npolicy:'),
      'behalf.yaml:5:18: issuers[0].algorithms[0]: "HS256" is not accepted; use RS256',
    ],
    ['alg none', BASE.replace('policy:', '    algorithms: [none]\npolicy:'), '"none" is not accepted'],
    [
      'a repeated algorithm',
      BASE.replace('policy:', '    algorithms: [ES256, ES256]\npolicy:'),
      'issuers[0].algorithms[1]: "ES256" is there twice',
    ],
    [
      'no algorithm',
      BASE.replace('policy:', '    algorithms: []\npolicy:'),
      'issuers[0].algorithms: must name at least one',
    ],
    [
      'a skew over a minute (J15)',
      BASE.replace('policy:', '    clockSkew: 5m\npolicy:'),
      'issuers[0].clockSkew: must be at most 60s',
    ],
    [
      'a bare number as duration',
      BASE.replace('policy:', '    clockSkew: 30\npolicy:'),
      'must be a duration such as 30s, 5m, 1h or 7d',
    ],
    [
      'plain http keys',
      BASE.replace('https://idp.acme.example/jwks', 'http://idp.acme.example/jwks'),
      'issuers[0].jwks.uri: must be an https URL (http only on a loopback address)',
    ],
    [
      'a key URL with a password',
      BASE.replace('https://idp.acme.example/jwks', 'https://u:p@idp.acme.example/jwks'),
      'issuers[0].jwks.uri: must be an https URL',
    ],
    [
      'two key sources',
      BASE.replace('{ uri:', '{ file: x, uri:'),
      'issuers[0].jwks: must have exactly one of uri and file',
    ],
    ['no key source', BASE.replace(/\{ uri: .*\}/, '{}'), 'issuers[0].jwks: must have exactly one of uri and file'],
    [
      'an issuer with a query',
      BASE.replace('issuer: https://idp.acme.example', 'issuer: https://idp.acme.example/?a=b'),
      'issuers[0].issuer: must be an https URL without query and fragment',
    ],
  ])('refuses %s', (_, text, problem) => {
    expect(problems(text).join('\n')).toContain(problem);
  });

  it('reads for how long keys may serve unconfirmed, and Ed25519 by its own name (RFC 9864) [J23]', () => {
    const text = BASE.replace(
      'idp.acme.example/jwks }',
      'idp.acme.example/jwks, maxStale: 2h }\n    algorithms: [Ed25519]',
    );
    expect(load(text).config.issuers[0]).toMatchObject({ jwks: { maxStale: 7200 }, algorithms: ['Ed25519'] });
  });

  it.each([
    ['maxStale: 30s', 'issuers[0].jwks.maxStale: must be from 1m to 24h'],
    ['maxStale: 2d', 'issuers[0].jwks.maxStale: must be from 1m to 24h'],
    ['maxStale: 0s', 'issuers[0].jwks.maxStale: must be a duration such as'],
    ['file: keys.json', 'issuers[0].jwks: must have exactly one of uri and file'],
  ])('refuses jwks with %s [J23]', (entry, problem) => {
    const text = BASE.replace('idp.acme.example/jwks }', `idp.acme.example/jwks, ${entry} }`);
    expect(problems(text).join('\n')).toContain(problem);
  });

  it('refuses maxStale for a file, which is read anew when it changes', () => {
    const text = BASE.replace('uri: https://idp.acme.example/jwks', 'file: keys.json, maxStale: 1h');
    expect(problems(text).join('\n')).toContain('issuers[0].jwks: has maxStale, which is only read with uri');
  });

  it('takes http on a loopback address, for the demo and for tests', () => {
    const text = BASE.replace('https://idp.acme.example/jwks', 'http://127.0.0.1:9194/jwks');
    expect(load(text).config.issuers[0]?.jwks).toEqual({ uri: 'http://127.0.0.1:9194/jwks', maxStale: 3600 });
  });

  it('lists every problem at once', () => {
    const found = problems(`${BASE}polcy: {}\ndenials: { detail: all }\nlisten: { admin: "0.0.0.0:1" }\n`);
    expect(found).toHaveLength(3);
  });

  it.each(['0.0.0.0:9193', '10.0.0.1:9193', '[::]:9193', 'example.com:9193'])(
    'keeps the admin port on this machine: %s (W07)',
    (address) => {
      const [problem] = problems(`${BASE}listen: { admin: "${address}" }\n`);
      expect(problem).toContain('is not a loopback address: the admin port has no login');
    },
  );

  it.each(['127.0.0.1:0', '[::1]:9193', 'localhost:9193'])(
    'takes the loopback address %s for the admin port',
    (address) => {
      expect(load(`${BASE}listen: { admin: "${address}" }\n`).config.listen.admin).toBe(address);
    },
  );

  it('refuses a socket path that the kernel has no room for', () => {
    expect(problems(`${BASE}listen: { check: "unix:./${'x'.repeat(100)}" }\n`).join('\n')).toContain(
      'the path of the socket is too long',
    );
  });

  it.each([
    ['is not there', undefined, 'the key file k.json cannot be read: there is no such file'],
    ['is half written', '{"keys": [', 'the key file k.json is not valid JSON'],
    ['is no key set', '[]', 'the key file k.json is no key set that can be used: the document is not a JWKS'],
    ['has no keys', '{"keys":[]}', 'the key file k.json is no key set that can be used: the JWKS holds no public'],
    [
      'has private keys alone',
      '{"keys":[{"kty":"EC","d":"AA"}]}',
      'the key file k.json is no key set that can be used: the JWKS',
    ],
    [
      'says its keys twice',
      '{"keys":[],"keys":[]}',
      'the key file k.json is no key set that can be used: JSON duplicate',
    ],
  ])('refuses a key file that %s', (_, text, problem) => {
    if (text !== undefined) writeFileSync(join(folder, 'k.json'), text);
    const [found] = problems(BASE.replace('uri: https://idp.acme.example/jwks', 'file: k.json'));
    expect(found).toContain(`behalf.yaml:4:19: issuers[0].jwks.file: ${problem}`);
  });
});

describe('precedence', () => {
  const text = `${BASE}listen: { check: "127.0.0.1:1", admin: "127.0.0.1:2" }\n`;
  const env = { BEHALF_LISTEN__CHECK: '127.0.0.1:3', BEHALF_LIMITS__IN_FLIGHT: '7' };

  it('puts the environment before the file', () => {
    const { config, overrides } = load(text, { env });
    expect(config.listen).toEqual({ check: '127.0.0.1:3', admin: '127.0.0.1:2' });
    expect(config.limits.inFlight).toBe(7);
    expect(overrides).toContainEqual({ key: 'listen.check', from: 'environment BEHALF_LISTEN__CHECK' });
  });

  it('puts the flag before the environment, and the last flag before others', () => {
    const { config } = load(text, { env, set: ['listen.check=127.0.0.1:4', 'listen.check=127.0.0.1:5'] });
    expect(config.listen.check).toBe('127.0.0.1:5');
  });

  it('sets keys whose section the file does not have', () => {
    const { config } = load(BASE, { env: { BEHALF_PROVENANCE__PSEUDONYM_KEY: 'env:K', K: SECRET } });
    expect(config.provenance.pseudonymKey).toBe(SECRET);
  });

  it('names variable and flag where their value is wrong', () => {
    expect(problems(BASE, { env: { BEHALF_LISTEN__CHECK: '' } })[0]).toBe(
      'environment BEHALF_LISTEN__CHECK: listen.check: must be HOST:PORT or unix:PATH',
    );
    expect(problems(BASE, { env: { BEHALF_LIMITS__IN_FLIGHT: 'many' } })[0]).toContain(
      'environment BEHALF_LIMITS__IN_FLIGHT: ',
    );
    expect(problems(BASE, { set: ['denials.detail=all'] })[0]).toContain('--set denials.detail: denials.detail: "all"');
  });

  it('names the one that won, where several set a key', () => {
    const options = { env: { BEHALF_DENIALS__DETAIL: 'class' }, set: ['denials.detail=all'] };
    expect(problems(BASE, options)[0]).toContain('--set denials.detail: ');
  });

  it('refuses a variable that can only be a slip, and suggests the right one (Y06)', () => {
    expect(problems(BASE, { env: { BEHALF_LISTEN__CHEK: 'x' } })[0]).toBe(
      'environment BEHALF_LISTEN__CHEK: sets no key of the config; did you mean "BEHALF_LISTEN__CHECK"?',
    );
  });

  it('leaves variables alone that platforms make up', () => {
    const platform = { BEHALF_PORT: 'tcp://10.0.0.1:9191', BEHALF_SERVICE_HOST: '10.0.0.1', BEHALF_CONFIG: 'x' };
    expect(problems(BASE, { env: platform })).toEqual([]);
  });

  it.each([
    ['listen.chek=x', '--set listen.chek: sets no key of the config; did you mean "listen.check"?'],
    ['listen.check', '--set listen.check: has no value; write --set KEY=VALUE'],
    ['issuers=x', '--set issuers: sets no key of the config'],
  ])('refuses the flag --set %s', (flag, problem) => {
    expect(problems(BASE, { set: [flag] })[0]).toContain(problem);
  });
});

describe('secrets', () => {
  const withKey = (reference: string) => `${BASE}provenance: { pseudonymKey: "${reference}" }\n`;

  it('come from the environment or a file, without the newline at its end', () => {
    writeFileSync(join(folder, 'key'), `${SECRET}\n`);
    expect(load(withKey('file:./key')).config.provenance.pseudonymKey).toBe(SECRET);
    expect(load(withKey('env:KEY'), { env: { KEY: SECRET } }).config.provenance.pseudonymKey).toBe(SECRET);
  });

  it('are never in the file, and never in a message (T11)', () => {
    const found = problems(withKey(SECRET)).join('\n');
    expect(found).toContain('behalf.yaml:7:29: provenance.pseudonymKey: must be a reference, file:PATH or env:NAME');
    expect(found).not.toContain(SECRET);
    expect(problems(withKey('env:KEY'), { env: { KEY: 'short-secret' } }).join('\n')).not.toContain('short-secret');
  });

  it.each([
    ['env:NOPE', 'the environment variable NOPE is not set'],
    ['file:./nope', 'nope cannot be read: there is no such file'],
    ['env:SHORT', 'the key is shorter than 16 characters'],
  ])('that cannot be had, as %s, are errors', (reference, problem) => {
    const env = { SHORT: 'abc' };
    expect(problems(withKey(reference), { env })[0]).toContain(problem);
    const { config, warnings } = load(withKey(reference), { env, secrets: 'warn' });
    expect(warnings.join()).toContain(problem);
    expect(config.provenance.pseudonymKey).not.toBe(reference);
  });
});

describe('warnings', () => {
  it.each([
    [
      'an unsigned bundle from a server [P10]',
      'bundle: "https://x/b", unsigned: insecure',
      'policy.unsigned is insecure',
    ],
    [
      'a way back that is open [P11]',
      'bundle: b, allowDowngrade: "41"',
      'policy.allowDowngrade lets the replaced policy 41',
    ],
  ])('shout of %s', (_, policy, warning) => {
    const text = BASE.replace(/policy:\n.*\n/, `policy: { ${policy} }\n`);
    expect(load(text).warnings.join('\n')).toContain(warning);
  });

  it.each([
    ['denials: { detail: full }', 'denials.detail is full'],
    ['provenance: { subject: plain }', 'provenance.subject is plain'],
    ['provenance: { records: none }', 'provenance.records is none'],
    ['listen: { check: "0.0.0.0:9191" }', 'can be reached from other machines without TLS'],
  ])('shout about %s', (extra, warning) => {
    expect(load(`${BASE}${extra}\n`).warnings.join('\n')).toContain(warning);
  });
});

describe('an issuer', () => {
  const withIssuer = (line: string) => BASE.replace('policy:', `    ${line}\npolicy:`);

  it('whose access tokens have typ JWT is shouted about: its ID tokens have it too (J18)', () => {
    const { config, warnings } = load(withIssuer('tokenTypes: [at+jwt, application/JWT]'));
    expect(config.issuers[0]?.tokenTypes).toEqual(['at+jwt', 'jwt']);
    expect(warnings.join()).toContain('issuers: https://idp.acme.example has tokenTypes jwt: only the audience tells');
  });

  it('has its scopes in one claim: scope, unless it says scp', () => {
    expect(load(BASE).config.issuers[0]?.scopeClaim).toBe('scope');
    expect(load(withIssuer('scopeClaim: scp')).config.issuers[0]?.scopeClaim).toBe('scp');
    expect(problems(withIssuer('scopeClaim: [scope, scp]')).join()).toContain('this is not accepted; use scope or scp');
  });
});

describe('loadListen', () => {
  it('finds the address of a running process behind a config that is broken elsewhere', () => {
    const path = join(folder, 'behalf.yaml');
    writeFileSync(path, 'listen: { check: "127.0.0.1:7" }\npolicy: 5\nnonsense: true\n');
    expect(loadListen({ path, env: {} }).check).toBe('127.0.0.1:7');
  });
});
