import { createHash, X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createAuthority, issueSvid } from '../../test/fakes/ca.ts';
import { Refusal } from '../refusals.ts';
import type { Peer } from './identity.ts';
import { identifyPeer } from './peer.ts';
import type { PeerRules } from './peer-rules.ts';

const id = (name: string) => `spiffe://prod.acme.example/${name}`;
const authority = createAuthority();
const held = Object.fromEntries(
  ['edge', 'inner', 'ours', 'agent', 'victim'].map((name) => [
    name,
    issueSvid(authority, { uris: [id(name)] }).certificate,
  ]),
);
const digest = (name: string) => createHash('sha256').update(new X509Certificate(held[name] ?? '').raw);

/** What the proxy `by` says about its client. */
const says = (by: string, client: string) =>
  `By=${id(by)};Hash=${digest(client).digest('hex')};Subject="";URI=${id(client)}`;

const CERTIFICATE: PeerRules = {
  trustDomains: new Set(['prod.acme.example']),
  xfcc: undefined,
  bundles: new Map(),
  jwtBundles: new Map(),
};
const believing = (trustedHops: number, ...by: readonly string[]): PeerRules => ({
  ...CERTIFICATE,
  xfcc: { trustedHops, by: new Set(by.map(id)) },
});

function identified(rules: PeerRules, holder: string, header?: string): Peer | string {
  const certificate = held[holder] === undefined ? '' : encodeURIComponent(held[holder]);
  const headers: Record<string, string> = header === undefined ? {} : { 'x-forwarded-client-cert': header };
  try {
    const connection = { peer: { from: 'connection' } } as const;
    const peer = identifyPeer({ peer: { certificate, principal: '' }, headers }, connection, rules, Date.now());
    return peer instanceof Promise ? 'promise' : peer;
  } catch (error) {
    return error instanceof Refusal ? error.code : `threw ${String(error)}`;
  }
}

const caller = (...call: Parameters<typeof identified>): string => {
  const peer = identified(...call);
  return typeof peer === 'string' ? peer : peer.id;
};

describe('a caller behind a proxy of ours', () => {
  const one = believing(1, 'inner');
  const two = believing(2, 'edge', 'inner');

  it('is the client that the proxy states, with the thumbprint of its certificate [S01]', () => {
    expect(identified(one, 'inner', says('inner', 'agent'))).toEqual({
      id: id('agent'),
      trustDomain: 'prod.acme.example',
      thumbprint: digest('agent').digest('base64url'),
    });
    const without = identified(one, 'inner', `By=${id('inner')};URI=${id('agent')}`);
    expect(without).toMatchObject({ id: id('agent'), thumbprint: undefined });
  });

  it('is the client of the outermost of two [S02]', () => {
    expect(caller(two, 'inner', `${says('edge', 'agent')},${says('inner', 'edge')}`)).toBe(id('agent'));
  });

  it('is found whether our Envoy forwards the header or appends to it [S01]', () => {
    const appended = `${says('inner', 'agent')},${says('ours', 'inner')}`;
    expect(caller(believing(2, 'inner', 'ours'), 'inner', appended)).toBe(id('agent'));
  });

  it('that forges the element of our Envoy about itself gains no other certificate by it [S15]', () => {
    expect(identified(one, 'agent', says('inner', 'agent'))).toMatchObject({ id: id('agent') });
    const stolen = says('inner', 'agent').replace(/[0-9a-f]{64}/, digest('victim').digest('hex'));
    expect(identified(one, 'agent', stolen)).toBe('xfcc_chain_untrusted');
  });

  it('is never one that the client put in front [S02]', () => {
    expect(caller(one, 'inner', `${says('inner', 'victim')},${says('inner', 'agent')}`)).toBe(id('agent'));
    expect(caller(one, 'inner', `By=x;URI=${id('victim')},${says('inner', 'agent')}`)).toBe(id('agent'));
  });

  it.each<[string, PeerRules, string, string]>([
    ['an element that another wrote', one, 'inner', says('agent', 'victim')],
    ['an element that nobody signed', one, 'inner', `URI=${id('victim')}`],
    ['fewer elements than proxies', two, 'inner', says('inner', 'agent')],
    ['an edge element that the client forged', two, 'inner', `${says('edge', 'victim')},${says('inner', 'agent')}`],
    ['an inner element by no proxy of ours', two, 'inner', `${says('agent', 'victim')},${says('inner', 'agent')}`],
    ['a header that an agent wrote on its own connection', one, 'agent', says('inner', 'victim')],
    ['two elements that an agent wrote', two, 'agent', `${says('edge', 'victim')},${says('inner', 'edge')}`],
    [
      'two elements that an agent wrote, the last about itself',
      two,
      'agent',
      `${says('edge', 'victim')},${says('inner', 'agent')}`,
    ],
  ])('is refused with %s [S02]', (_, rules, holder, header) => {
    expect(caller(rules, holder, header)).toBe('xfcc_chain_untrusted');
  });

  it.each<[string, string, string | undefined, string]>([
    ['no header', 'inner', undefined, 'peer_missing'],
    ['no certificate of the proxy', 'nobody', says('inner', 'agent'), 'peer_missing'],
    ['a malformed header', 'inner', 'By=', 'xfcc_chain_untrusted'],
    ['the JSON format', 'inner', '[{}]', 'xfcc_malformed'],
    ['no URI of the client', 'inner', `By=${id('inner')};URI=`, 'spiffe_not_uri_san'],
    ['two URIs of the client', 'inner', `${says('inner', 'agent')};URI=${id('victim')}`, 'xfcc_malformed'],
    [
      'a URI that is no SPIFFE ID',
      'inner',
      `By=${id('inner')};URI=spiffe://prod.acme.example/../a`,
      'spiffe_id_invalid',
    ],
    ['a foreign trust domain', 'inner', `By=${id('inner')};URI=spiffe://evil.example/a`, 'trust_domain_unknown'],
  ])('is refused with %s [S01, S03]', (_, holder, header, code) => {
    expect(caller(one, holder, header)).toBe(code);
  });
});

describe('a header that nobody trusts', () => {
  it.each<[string, string | undefined]>([
    ['is not there', undefined],
    ['is what Envoy sets (SANITIZE_SET)', says('ours', 'agent')],
    ['is what Envoy sets without the URI', says('ours', 'agent').replace(/;Subject.*/, '')],
    ['is what Envoy appends (APPEND_FORWARD)', `${says('ours', 'victim')},${says('ours', 'agent')}`],
    ['is what the client, a proxy, says of its own (FORWARD_ONLY)', says('agent', 'victim')],
  ])('changes nothing where it %s [S01]', (_, header) => {
    expect(caller(CERTIFICATE, 'agent', header)).toBe(id('agent'));
  });

  it.each<[string, string]>([
    ['names another', says('edge', 'victim')],
    ['names another, by nobody', `URI=${id('victim')}`],
    ['names another certificate', says('edge', 'victim').replace(/;Subject.*/, '')],
    ['names another behind one that fits', `${says('edge', 'agent')},${says('edge', 'victim')}`],
    ['cannot be read', `By=x; URI=${id('victim')}`],
  ])('is refused where it %s [S01]', (_, header) => {
    expect(caller(CERTIFICATE, 'agent', header)).toBe('xfcc_untrusted');
  });
});

describe('the thumbprint of a certificate', () => {
  it('is the SHA-256 of its DER [S15]', () => {
    expect(identified(CERTIFICATE, 'agent')).toMatchObject({ thumbprint: digest('agent').digest('base64url') });
  });
});
