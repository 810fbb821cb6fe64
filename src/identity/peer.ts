import { Refusal } from '../refusals.ts';
import type { CheckInput } from '../request/check-input.ts';
import { readSvid } from './certificate.ts';
import type { Peer } from './identity.ts';

/**
 * Says which workload is at the other end of the mTLS connection. Envoy has verified the chain; everything that the
 * certificate says is read from the certificate itself, because `source.principal` may be a DNS SAN or the Subject.
 * The trust domain is compared byte for byte with those that the matrix names (threats S05, S07, S11, S12).
 * @param now milliseconds since the epoch
 * @throws Refusal `peer_*`, `spiffe_*`, `trust_domain_unknown`
 */
export function identifyPeer(stated: CheckInput['peer'], trustDomains: ReadonlySet<string>, now: number): Peer {
  if (stated.certificate === '') {
    throw new Refusal(
      'peer_missing',
      stated.principal === ''
        ? 'the caller presented no certificate'
        : 'Envoy states a principal and sends no certificate: set include_peer_certificate',
    );
  }
  const { spiffeId, notBefore, notAfter } = readSvid(stated.certificate);
  if (now < notBefore || now > notAfter) throw new Refusal('peer_cert_expired', 'the certificate is not valid now');
  if (stated.principal !== '' && stated.principal !== spiffeId.id) {
    throw new Refusal('peer_identity_conflict', 'the principal is not the URI SAN of the certificate');
  }
  if (!trustDomains.has(spiffeId.trustDomain)) {
    throw new Refusal('trust_domain_unknown', 'the trust domain is not one that the matrix names');
  }
  return { id: spiffeId.id, trustDomain: spiffeId.trustDomain };
}
