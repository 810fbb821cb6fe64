import { X509Certificate } from 'node:crypto';
import { AsnConvert } from '@peculiar/asn1-schema';
import {
  BasicConstraints,
  Certificate,
  type Extension,
  id_ce_basicConstraints,
  id_ce_keyUsage,
  id_ce_nameConstraints,
  KeyUsage,
  KeyUsageFlags,
} from '@peculiar/asn1-x509';
import { formFault } from './certificate-form.ts';

/** A certificate that may issue others. Milliseconds since the epoch. */
export interface CaCertificate {
  readonly x509: X509Certificate;
  /** How many intermediates may stand between it and a leaf (RFC 5280 §4.2.1.9). */
  readonly maxBelow: number;
  /** Its own subject is its issuer: it does not count as an intermediate. */
  readonly isSelfIssued: boolean;
  readonly notBefore: number;
  readonly notAfter: number;
}

const MIN_RSA_BITS = 2048;

/**
 * Reads a CA certificate of a trust bundle: CA:TRUE, keyCertSign (X509-SVID §4.2, §4.3), a key and a signature that can
 * be relied on. Name constraints are not evaluated, so a certificate that has them is refused: what it forbids would be
 * allowed (RFC 5280 §4.2.1.10).
 * @throws Error that says what is wrong with it
 */
export function readCaCertificate(pem: string): CaCertificate {
  const x509 = new X509Certificate(pem);
  const certificate = AsnConvert.parse(x509.raw, Certificate);
  const extensions = certificate.tbsCertificate.extensions ?? [];
  const basic = find(extensions, id_ce_basicConstraints);
  const { cA = false, pathLenConstraint } = basic ? AsnConvert.parse(basic.extnValue, BasicConstraints) : {};
  const usage = find(extensions, id_ce_keyUsage);
  const flags = usage === undefined ? 0 : AsnConvert.parse(usage.extnValue, KeyUsage).toNumber();
  if (!cA) throw new Error('it is no CA certificate (CA:TRUE)');
  if ((flags & KeyUsageFlags.keyCertSign) === 0) throw new Error('it may not sign certificates (keyCertSign)');
  if (find(extensions, id_ce_nameConstraints)) throw new Error('it has name constraints, which are not evaluated here');
  const fault = formFault(certificate);
  if (fault !== undefined) throw new Error(fault);
  const { asymmetricKeyType, asymmetricKeyDetails } = x509.publicKey;
  if (asymmetricKeyType === 'rsa' && (asymmetricKeyDetails?.modulusLength ?? 0) < MIN_RSA_BITS) {
    throw new Error(`its RSA key has fewer than ${MIN_RSA_BITS} bits`);
  }
  return {
    x509,
    maxBelow: pathLenConstraint ?? Number.POSITIVE_INFINITY,
    isSelfIssued: x509.subject === x509.issuer,
    notBefore: x509.validFromDate.getTime(),
    notAfter: x509.validToDate.getTime(),
  };
}

function find(extensions: readonly Extension[], oid: string): Extension | undefined {
  return extensions.find(({ extnID }) => extnID === oid);
}
