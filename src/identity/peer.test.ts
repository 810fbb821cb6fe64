import { X509Certificate } from 'node:crypto';
import { KeyUsageFlags } from '@peculiar/asn1-x509';
import { describe, expect, it } from 'vitest';
import { type Authority, createAuthority, issueSvid, type SvidOptions } from '../../test/fakes/ca.ts';
import { Refusal } from '../refusals.ts';
import { readSvid } from './certificate.ts';
import { identifyPeer } from './peer.ts';
import type { PeerRules } from './peer-rules.ts';
import { readTrustBundle } from './trust-bundle.ts';

const ID = 'spiffe://prod.acme.example/ns/agents/sa/procurement';
const TRUSTED = new Set(['prod.acme.example']);
const authority = createAuthority();

const encoded = (options: SvidOptions) => encodeURIComponent(issueSvid(authority, options).certificate);

/** The certificate with another `notAfter`. Its signature is broken by it, which is Envoy's to judge. */
function withTime(certificate: string, time: string): string {
  const { raw } = new X509Certificate(certificate);
  raw.write(time, raw.indexOf('460102030405Z', 'latin1'), 'latin1');
  return pemOf(raw);
}

function pemOf(raw: Buffer): string {
  return `-----BEGIN CERTIFICATE-----\n${raw.toString('base64')}\n-----END CERTIFICATE-----\n`;
}

const RULES: PeerRules = { trustDomains: TRUSTED, xfcc: undefined, bundles: new Map(), jwtBundles: new Map() };
const CONNECTION = { peer: { from: 'connection' } } as const;

function outcome(certificate: string, principal = '', now = Date.now(), rules = RULES): string {
  try {
    const peer = identifyPeer({ peer: { certificate, principal }, headers: {} }, CONNECTION, rules, now);
    return peer instanceof Promise ? 'promise' : peer.id;
  } catch (error) {
    return error instanceof Refusal ? error.code : 'threw';
  }
}

describe('the peer', () => {
  it('is the one URI SAN of its certificate', () => {
    expect(outcome(encoded({ uris: [ID] }), ID)).toBe(ID);
    expect(outcome(encoded({ uris: [ID], dns: ['agent.internal'] }))).toBe(ID);
  });

  it.each<[string, SvidOptions, string]>([
    ['no SAN [S04]', {}, 'spiffe_not_uri_san'],
    ['a DNS SAN spelled as a SPIFFE ID [S05]', { dns: [ID] }, 'spiffe_not_uri_san'],
    ['a CN spelled as a SPIFFE ID [S05]', { cn: ID }, 'spiffe_not_uri_san'],
    ['two URI SANs [S04]', { uris: [ID, 'spiffe://prod.acme.example/other'] }, 'spiffe_multiple_uri_san'],
    ['the same URI SAN twice [S04]', { uris: [ID, ID] }, 'spiffe_multiple_uri_san'],
    ['fifty URI SANs [S04]', { uris: Array.from({ length: 50 }, (_, n) => `${ID}${n}`) }, 'spiffe_multiple_uri_san'],
    ['a NUL in its SAN [S06]', { uris: [`${ID}\u0000.evil`] }, 'spiffe_id_invalid'],
    ['a URL for a SAN [S08]', { uris: ['https://prod.acme.example/a'] }, 'spiffe_id_invalid'],
    ['another trust domain [S07]', { uris: ['spiffe://staging.acme.example/a'] }, 'trust_domain_unknown'],
    ['a trust domain that begins alike [S07]', { uris: ['spiffe://prod.acme.example.evil/a'] }, 'trust_domain_unknown'],
    ['a trust domain that ends alike [S07]', { uris: ['spiffe://evilprod.acme.example/a'] }, 'trust_domain_unknown'],
    ['cA', { uris: [ID], ca: true }, 'peer_cert_not_leaf'],
    ['no keyUsage', { uris: [ID], keyUsage: null }, 'peer_cert_not_leaf'],
    [
      'keyCertSign',
      { uris: [ID], keyUsage: KeyUsageFlags.digitalSignature | KeyUsageFlags.keyCertSign },
      'peer_cert_not_leaf',
    ],
    ['no digitalSignature', { uris: [ID], keyUsage: KeyUsageFlags.keyEncipherment }, 'peer_cert_not_leaf'],
    ['server use only', { uris: [ID], extendedKeyUsage: ['1.3.6.1.5.5.7.3.1'] }, 'peer_cert_not_leaf'],
    ['a past validity [S12]', { uris: [ID], notAfter: new Date(Date.now() - 1000) }, 'peer_cert_expired'],
    ['a future validity [S12]', { uris: [ID], notBefore: new Date(Date.now() + 60_000) }, 'peer_cert_expired'],
  ])('is refused with %s', (_, options, code) => {
    expect(outcome(encoded(options))).toBe(code);
  });

  it.each([0x34, 0x31, 0x48])(
    'is unreadable where a length of %i lets only one of two readers see its name [S04]',
    (length) => {
      const { raw } = new X509Certificate(issueSvid(authority, { uris: [ID] }).certificate);
      // The SEQUENCE that holds the one URI of 51 octets (RFC 5280 §4.2.1.6).
      const at = raw.indexOf(Buffer.from(ID, 'latin1')) - 3;
      expect([raw[at - 1], raw[at]]).toEqual([0x30, ID.length + 2]);
      raw[at] = length;
      expect(outcome(encodeURIComponent(pemOf(raw)))).toBe('peer_cert_unparseable');
    },
  );

  it('expires on a connection that stays open, though its certificate was read before [S12]', () => {
    const certificate = encoded({ uris: [ID] });
    expect(outcome(certificate)).toBe(ID);
    expect(outcome(certificate, '', Date.now() + 2 * 3_600_000)).toBe('peer_cert_expired');
  });

  it.each([
    ['month 13', '461302030405Z'],
    ['February 30', '460230030405Z'],
    ['hour 25', '460102250405Z'],
    ['a time zone', '4601020304+01'],
    ['letters', '46010203040ZZ'],
  ])('is refused where a time of its certificate has %s, which one library reads and the other does not', (_, time) => {
    const notAfter = new Date('2046-01-02T03:04:05Z');
    const { certificate } = issueSvid(authority, { uris: [ID], notAfter });
    expect(outcome(encodeURIComponent(withTime(certificate, '460102030405Z')))).toBe(ID);
    expect(outcome(encodeURIComponent(withTime(certificate, time)))).toBe('peer_cert_unparseable');
  });

  it('is remembered, and forgotten before large certificates fill the memory [S14]', () => {
    const certificate = encoded({ uris: [ID] });
    const first = readSvid(certificate);
    expect(readSvid(certificate)).toBe(first);
    for (let n = 0; n < 1000; n++) expect(() => readSvid(`${n}${'#'.repeat(16_000)}`)).toThrow('peer_cert_unparseable');
    expect(readSvid(certificate)).not.toBe(first);
  });

  it('is verified against the bundle of its trust domain, where there is one [S09]', () => {
    const certificate = encoded({ uris: [ID] });
    const known = (root: Authority): PeerRules => ({
      ...RULES,
      bundles: new Map([['prod.acme.example', readTrustBundle(root.certificate)]]),
    });
    expect(outcome(certificate, '', Date.now(), known(authority))).toBe(ID);
    expect(outcome(certificate, '', Date.now(), known(createAuthority()))).toBe('peer_cert_unverified');
  });

  it('is refused where Envoy names another principal [S11]', () => {
    expect(outcome(encoded({ uris: [ID] }), 'spiffe://prod.acme.example/other')).toBe('peer_identity_conflict');
  });

  it('is not who Envoy says it is, where there is no certificate to prove it [S09]', () => {
    expect(outcome('', ID)).toBe('peer_missing');
  });

  const good = issueSvid(authority, { uris: [ID] }).certificate;
  it.each<[string, string, string]>([
    ['no certificate', '', 'peer_missing'],
    ['text', 'nonsense', 'peer_cert_unparseable'],
    ['a broken escape', '%zz', 'peer_cert_unparseable'],
    ['two certificates [S14]', encodeURIComponent(good + good), 'peer_cert_unparseable'],
    ['a chain of 100 [S14]', encodeURIComponent(good.repeat(100)), 'peer_cert_unparseable'],
    ['half a certificate [S14]', encodeURIComponent(good.slice(0, 300)), 'peer_cert_unparseable'],
    ['over 16 KiB [S14]', encodeURIComponent(`${'#'.repeat(17_000)}\n${good}`), 'peer_cert_unparseable'],
    ['a private key', encodeURIComponent(issueSvid(authority, { uris: [ID] }).key), 'peer_cert_unparseable'],
  ])('is refused with %s', (_, certificate, code) => {
    expect(outcome(certificate)).toBe(code);
  });
});
