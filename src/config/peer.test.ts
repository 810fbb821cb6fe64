import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAuthority, issueSvid } from '../../test/fakes/ca.ts';
import type { Hop, Matrix } from '../matrix/hop.ts';
import { type LoadedConfig, loadConfig } from './load.ts';
import { readPeerRules } from './peer.ts';
import { snapshotFiles } from './snapshot.ts';

const ENVOY = 'spiffe://prod.acme.example/envoy';
const root = createAuthority();
const ours = issueSvid(root, { dns: ['localhost'] });
const jwks = JSON.stringify({
  keys: [{ kty: 'EC', crv: 'P-256', kid: 'a', use: 'jwt-svid', ...coordinates() }],
});

/** RFC 7515 appendix A.3.1: a key that everybody has. */
function coordinates(): object {
  return { x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU', y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0' };
}

let folder: string;
const at = (name: string) => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'behalf-peer-'));
  const files = { 'ca.pem': root.certificate, 'cert.pem': ours.certificate, 'key.pem': ours.key, 'jwt.json': jwks };
  for (const [name, text] of Object.entries(files)) writeFileSync(at(name), text);
  writeFileSync(at('empty.pem'), '');
});
afterAll(() => rmSync(folder, { recursive: true }));

function load(extra: string): LoadedConfig {
  const path = at('behalf.yaml');
  writeFileSync(path, `policy: { bundle: b }\nissuers: []\n${extra}`);
  return loadConfig({ path, env: {} });
}

const rulesFor = (peer: string, trustDomains: readonly string[], rows: readonly Hop['peer'][] = []) => {
  const hops = new Map(rows.map((row, index) => [String(index), { id: String(index), peer: row } as Hop]));
  return readPeerRules(load(`peer: ${peer}\n`).config, {
    trustDomains: new Set(trustDomains),
    hops,
  } as unknown as Matrix);
};

describe('how peers are identified', () => {
  it('is, by default, by the certificate alone', () => {
    const { bundles, jwtBundles, xfcc } = rulesFor('{}', ['prod.acme.example']);
    expect([bundles.size, jwtBundles.size, xfcc]).toEqual([0, 0, undefined]);
  });

  it('is by the header where that is declared, with its hops and proxies [S01]', () => {
    const { xfcc } = rulesFor(`{ from: xfcc, xfcc: { trustedHops: 2, by: ["${ENVOY}"] } }`, ['td']);
    expect(xfcc).toEqual({ trustedHops: 2, by: new Set([ENVOY]) });
  });

  it('is with one bundle for every trust domain, or with none [S10]', () => {
    const both = '{ trustBundles: { a.example: "file:ca.pem", b.example: "file:ca.pem" } }';
    expect([...rulesFor(both, ['a.example', 'b.example']).bundles.keys()]).toEqual(['a.example', 'b.example']);
    expect(() => rulesFor(both, ['a.example', 'c.example'])).toThrow('trust domain c.example has no bundle');
  });

  it('is with a JWT bundle where a row wants a JWT-SVID [S16]', () => {
    const row = { from: 'jwt-svid', audience: 'x' } as const;
    expect(rulesFor('{ jwtBundles: { a.example: "file:jwt.json" } }', ['a.example'], [row]).jwtBundles.size).toBe(1);
    expect(() => rulesFor('{}', ['a.example'], [row])).toThrow('row 0 wants a JWT-SVID');
    expect(() => rulesFor('{ jwtBundles: { b: "file:jwt.json" } }', ['a'], [row])).toThrow('row 0 wants a JWT-SVID');
  });

  it.each([
    ['an empty trust bundle', '{ trustBundles: { td: "file:empty.pem" } }', 'it holds no certificate'],
    ['a trust bundle of keys', '{ trustBundles: { td: "file:key.pem" } }', 'something other than certificates'],
    ['a JWT bundle that is no JSON', '{ jwtBundles: { td: "file:ca.pem" } }', 'it is not valid JSON'],
    ['a folder', '{ trustBundles: { td: "file:." } }', 'it is a folder, not a file'],
  ])('is not changed by a config with %s [S13]', (_, peer, why) => {
    expect(() => load(`peer: ${peer}\n`)).toThrow(why);
  });
});

describe('the files of a snapshot', () => {
  it('are those of the bundles and of the listener too, so that a change of one reloads [S13]', () => {
    const tls = `{ cert: "file:cert.pem", key: "file:key.pem", clientCa: "file:ca.pem", callers: ["${ENVOY}"] }`;
    const { config, warnings } = load(
      `listen: { check: { address: "0.0.0.0:1", tls: ${tls} } }
peer: { trustBundles: { td: "file:ca.pem" }, jwtBundles: { td: "file:jwt.json" } }
`,
    );
    expect(config.listen).toMatchObject({ check: '0.0.0.0:1', tls: { callers: [ENVOY] } });
    expect(snapshotFiles(config)).toEqual(
      expect.arrayContaining(['ca.pem', 'jwt.json', 'cert.pem', 'key.pem'].map(at)),
    );
    expect(warnings.join()).not.toContain('without TLS');
  });

  it('has a listener without TLS that other machines reach only with a warning [E29]', () => {
    expect(load('listen: { check: "0.0.0.0:1" }\n').warnings.join()).toContain(
      'can be reached from other machines without TLS',
    );
    expect(load('listen: { check: "127.0.0.1:1" }\n').warnings.join()).not.toContain('without TLS');
  });
});
