import { Refusal } from '../refusals.ts';
import type { CheckInput } from '../request/check-input.ts';
import { readSvid } from './certificate.ts';
import { verifyChain } from './chain.ts';
import type { Peer } from './identity.ts';
import type { PeerRules } from './peer-rules.ts';

/**
 * Reads who holds the connection from its certificate itself, because `source.principal` may be a DNS SAN or the Subject.
 * Envoy has verified the chain; where there are trust bundles, it is verified once more (threats S04–S14).
 * @param now milliseconds since the epoch
 * @throws Refusal `peer_*`, `spiffe_*`, `trust_domain_*`
 */
export function readCertificatePeer(
  stated: CheckInput['peer'],
  { trustDomains, bundles }: PeerRules,
  now: number,
): Peer {
  const { certificate, principal } = stated;
  if (certificate === '') {
    throw new Refusal(
      'peer_missing',
      principal === ''
        ? 'the caller presented no certificate'
        : 'Envoy states a principal and sends no certificate: set include_peer_certificate',
    );
  }
  const svid = readSvid(certificate);
  const { spiffeId, notBefore, notAfter, thumbprint } = svid;
  const { id, trustDomain } = spiffeId;
  if (now < notBefore || now > notAfter) throw new Refusal('peer_cert_expired', 'the certificate is not valid now');
  if (principal !== '' && principal !== id) {
    throw new Refusal('peer_identity_conflict', 'the principal is not the URI SAN of the certificate');
  }
  requireTrustDomain(trustDomain, trustDomains);
  if (bundles.size > 0) verifyChain(certificate, svid, { bundles, now });
  return { id, trustDomain, thumbprint };
}

function requireTrustDomain(trustDomain: string, accepted: ReadonlySet<string>): void {
  if (!accepted.has(trustDomain)) {
    throw new Refusal('trust_domain_unknown', 'the trust domain is not one that the matrix names');
  }
}
