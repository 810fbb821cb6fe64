import { X509Certificate } from 'node:crypto';
import { Refusal } from '../refusals.ts';
import type { Svid } from './certificate.ts';
import type { BundleIssuer, ChainVerdict, TrustBundle } from './trust-bundle.ts';

/** By trust domain. */
type Bundles = ReadonlyMap<string, TrustBundle>;

/** How many signatures of other trust domains are tried, only to name the refusal. */
const MAX_TRIES = 4;

/**
 * Verifies once more what Envoy should have verified: the certificate chains to a root of its own trust domain's bundle
 * (threats S09), not of another one's, as a federated CA could else speak for us (threats S10). Signatures are verified
 * once for each certificate and bundle; the times of every link are asked on each Check (threats S12). Name constraints
 * are out of scope: a bundle with them is not taken.
 * @param encoded as Envoy sent it; `svid` is what it says
 * @param now milliseconds since the epoch
 * @throws Refusal `peer_cert_unverified`, `trust_domain_ca_mismatch`
 */
export function verifyChain(
  encoded: string,
  svid: Pick<Svid, 'spiffeId' | 'formFault'>,
  { bundles, now }: { readonly bundles: Bundles; readonly now: number },
): void {
  if (svid.formFault !== undefined) throw new Refusal('peer_cert_unverified', svid.formFault);
  const own = bundles.get(svid.spiffeId.trustDomain);
  if (own === undefined) throw new Refusal('peer_cert_unverified', 'its trust domain has no bundle');
  let verdict = own.verified.get(encoded);
  if (verdict === undefined) {
    verdict = judge(encoded, own, bundles);
    own.verified.set(encoded, verdict);
  }
  if (typeof verdict === 'string') throw new Refusal(verdict, 'no CA of its trust domain signed the certificate');
  if (!verdict.some(({ notBefore, notAfter }) => now >= notBefore && now <= notAfter)) {
    throw new Refusal('peer_cert_unverified', 'no path from the certificate to a root is valid now');
  }
}

function judge(encoded: string, own: TrustBundle, bundles: Bundles): ChainVerdict {
  const leaf = new X509Certificate(decodeURIComponent(encoded));
  const windows = claimedIssuers(leaf, own)
    .filter((issuer) => hasSigned(issuer, leaf))
    .flatMap((issuer) => issuer.windows);
  if (windows.length > 0) return windows;
  return isOfAnother(leaf, own, bundles) ? 'trust_domain_ca_mismatch' : 'peer_cert_unverified';
}

/** Costs a few signatures at most: a caller without a valid certificate must not be able to ask for more. */
function isOfAnother(leaf: X509Certificate, own: TrustBundle, bundles: Bundles): boolean {
  const candidates = [...bundles.values()].flatMap((other) => (other === own ? [] : claimedIssuers(leaf, other)));
  return candidates.slice(0, MAX_TRIES).some((issuer) => hasSigned(issuer, leaf));
}

/** By names and key identifiers, as OpenSSL compares them; no signature is verified. */
function claimedIssuers(leaf: X509Certificate, { issuers }: TrustBundle): readonly BundleIssuer[] {
  return issuers.filter(({ certificate }) => leaf.checkIssued(certificate.x509));
}

function hasSigned({ certificate }: BundleIssuer, leaf: X509Certificate): boolean {
  return leaf.verify(certificate.x509.publicKey);
}
