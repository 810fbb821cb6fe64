import {
  type Certificate,
  id_ce_basicConstraints,
  id_ce_certificatePolicies,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_subjectAltName,
} from '@peculiar/asn1-x509';

/** RSA-PKCS#1, ECDSA and Ed25519 with SHA-256 or better. RSA-PSS could hide SHA-1 in its parameters. */
const SIGNATURES = new Set([
  '1.2.840.113549.1.1.11',
  '1.2.840.113549.1.1.12',
  '1.2.840.113549.1.1.13',
  '1.2.840.10045.4.3.2',
  '1.2.840.10045.4.3.3',
  '1.2.840.10045.4.3.4',
  '1.3.101.112',
]);

const UNDERSTOOD = new Set([
  id_ce_basicConstraints,
  id_ce_keyUsage,
  id_ce_extKeyUsage,
  id_ce_subjectAltName,
  id_ce_certificatePolicies,
]);

/**
 * Says what makes a certificate one that the chain check cannot rely on: a weak signature, or a critical extension that
 * is not understood, which makes it unusable (RFC 5280 §4.2).
 */
export function formFault({ tbsCertificate, signatureAlgorithm }: Certificate): string | undefined {
  if (!SIGNATURES.has(signatureAlgorithm.algorithm)) return 'it is signed in a way that is not accepted';
  const isUnderstood = (tbsCertificate.extensions ?? []).every((each) => !each.critical || UNDERSTOOD.has(each.extnID));
  return isUnderstood ? undefined : 'it has a critical extension that is not evaluated here';
}
