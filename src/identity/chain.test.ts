import { KeyUsageFlags } from '@peculiar/asn1-x509';
import { describe, expect, it } from 'vitest';
import { type Authority, createAuthority, crossSign, issueSvid, type SvidOptions } from '../../test/fakes/ca.ts';
import { Refusal } from '../refusals.ts';
import { readSvid } from './certificate.ts';
import { verifyChain } from './chain.ts';
import { readTrustBundle, type TrustBundle } from './trust-bundle.ts';

const [PROD, PARTNER] = ['prod.acme.example', 'partner.example'];
const HOUR = 3_600_000;
const root = createAuthority('Prod root');
const intermediate = createAuthority('Prod intermediate', root);
const partner = createAuthority('Partner root');

const bundle = (...certificates: readonly string[]): TrustBundle => readTrustBundle(certificates.join(''));
const bundles = (own: TrustBundle) =>
  new Map([
    [PROD, own],
    [PARTNER, bundle(partner.certificate)],
  ]);
const leaf = (authority: Authority, over: SvidOptions = {}, trustDomain = PROD) =>
  encodeURIComponent(issueSvid(authority, { uris: [`spiffe://${trustDomain}/a`], ...over }).certificate);

function outcome(encoded: string, known = bundles(bundle(root.certificate)), now = Date.now()) {
  try {
    verifyChain(encoded, readSvid(encoded), { bundles: known, now });
    return 'verified';
  } catch (error) {
    return error instanceof Refusal ? error.code : String(error);
  }
}

describe('the chain of a certificate', () => {
  it('leads to a root of its own trust domain [S09, S10]', () => {
    expect(outcome(leaf(root))).toBe('verified');
    expect(outcome(leaf(partner, {}, PARTNER))).toBe('verified');
  });

  it('needs the intermediates that Envoy does not send [S09]', () => {
    expect(outcome(leaf(intermediate))).toBe('peer_cert_unverified');
    expect(outcome(leaf(intermediate), bundles(bundle(root.certificate, intermediate.certificate)))).toBe('verified');
  });

  it('is refused when a CA that nobody knows signed it, whatever it calls itself [S09]', () => {
    expect(outcome(leaf(createAuthority('A stranger')))).toBe('peer_cert_unverified');
    const namesake = createAuthority('Prod root');
    for (const authorityKeyIdentifier of [true, false]) {
      expect(outcome(leaf(namesake, { authorityKeyIdentifier }))).toBe('peer_cert_unverified');
    }
  });

  it('is refused when the CA of a federated trust domain signed it [S10]', () => {
    expect(outcome(leaf(partner))).toBe('trust_domain_ca_mismatch');
    expect(outcome(leaf(root, {}, PARTNER))).toBe('trust_domain_ca_mismatch');
  });

  it('counts a cross-signature only in the bundle of the trust domain that holds it [S10]', () => {
    const crossed = crossSign(partner, root);
    const known = bundles(bundle(root.certificate));
    known.set(PARTNER, bundle(partner.certificate, crossed));
    expect(outcome(leaf(partner), known)).toBe('trust_domain_ca_mismatch');
    known.set(PROD, bundle(root.certificate, crossed));
    expect(outcome(leaf(partner), known)).toBe('verified');
  });

  it('is refused where its trust domain has no bundle [S10]', () => {
    const only = new Map([[PARTNER, bundle(partner.certificate)]]);
    expect([leaf(root), leaf(partner)].map((one) => outcome(one, only))).toEqual([
      'peer_cert_unverified',
      'peer_cert_unverified',
    ]);
  });

  it('holds for as long as every link of one path does, asked each time [S12]', () => {
    const short = createAuthority('Prod intermediate', root, { notAfter: new Date(Date.now() + HOUR / 2) });
    const known = bundles(bundle(root.certificate, short.certificate));
    const encoded = leaf(short);
    expect(outcome(encoded, known)).toBe('verified');
    expect(outcome(encoded, known, Date.now() + HOUR * 0.75)).toBe('peer_cert_unverified');
    expect(outcome(encoded, known)).toBe('verified');
  });

  it('leads to either root while a CA is rotated, and to the old one no longer once that is gone [S13]', () => {
    const next = createAuthority('Prod root');
    const [before, after] = [leaf(root), leaf(next)];
    const overlap = bundles(bundle(root.certificate, next.certificate));
    expect([before, after].map((one) => outcome(one, overlap))).toEqual(['verified', 'verified']);
    const done = bundles(bundle(next.certificate));
    expect([before, after].map((one) => outcome(one, done))).toEqual(['peer_cert_unverified', 'verified']);
  });

  it('keeps to the path length of every CA [S09]', () => {
    const tight = createAuthority('Tight root', undefined, { pathLength: 0 });
    const below = createAuthority('Below', tight);
    const known = bundles(bundle(tight.certificate, below.certificate));
    expect(outcome(leaf(tight), known)).toBe('verified');
    expect(outcome(leaf(below), known)).toBe('peer_cert_unverified');
  });

  it('is refused where the certificate demands something that is not understood [S09]', () => {
    expect(outcome(leaf(root, { criticalOids: ['1.2.3.4'] }))).toBe('peer_cert_unverified');
  });

  it('is remembered, a refusal too [S09]', () => {
    const known = bundles(bundle(root.certificate));
    for (const encoded of [leaf(root), leaf(partner)]) {
      const first = outcome(encoded, known);
      expect(known.get(PROD)?.verified.has(encoded)).toBe(true);
      expect(outcome(encoded, known)).toBe(first);
    }
  });
});

describe('a trust bundle', () => {
  const made = (over: SvidOptions) => createAuthority('CA', undefined, over).certificate;
  it.each<[string, string, string]>([
    ['nothing', '', 'no certificate'],
    ['text', 'nonsense', 'no certificate'],
    ['a private key', root.certificate + root.key, 'something other than certificates'],
    ['half a certificate', root.certificate.slice(0, 200), 'something other'],
    ['bytes that are no certificate', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----', 'certificate 1'],
    ['a leaf', root.certificate + issueSvid(root, {}).certificate, 'certificate 2 cannot be used: it is no CA'],
    ['an intermediate without its root', intermediate.certificate, 'no root'],
    ['a CA that may not sign', made({ keyUsage: KeyUsageFlags.digitalSignature }), 'keyCertSign'],
    ['a CA without key usage', made({ keyUsage: null }), 'keyCertSign'],
    ['a CA with name constraints', made({ criticalOids: ['2.5.29.30'] }), 'name constraints'],
    ['a CA with another critical extension', made({ criticalOids: ['1.2.3.4'] }), 'critical extension'],
    ['33 certificates', root.certificate.repeat(33), 'over 32 certificates'],
  ])('with %s is not taken [S13]', (_, pem, why) => {
    expect(() => readTrustBundle(pem)).toThrow(why);
  });

  it('never shows its text in an error', () => {
    expect(() => readTrustBundle('-----BEGIN CERTIFICATE-----\nSECRET\n-----END CERTIFICATE-----')).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('SECRET') as string }),
    );
  });
});
