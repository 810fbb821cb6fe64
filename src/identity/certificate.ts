import { createHash, X509Certificate } from 'node:crypto';
import { AsnConvert } from '@peculiar/asn1-schema';
import {
  BasicConstraints,
  Certificate,
  ExtendedKeyUsage,
  type Extension,
  id_ce_basicConstraints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_subjectAltName,
  id_kp_clientAuth,
  id_kp_serverAuth,
  KeyUsage,
  KeyUsageFlags,
  SubjectAlternativeName,
  type Validity,
} from '@peculiar/asn1-x509';
import { LRUCache } from 'lru-cache';
import { Refusal, type RefusalCode } from '../refusals.ts';
import { formFault } from './certificate-form.ts';
import { parseSpiffeId, type SpiffeId } from './spiffe-id.ts';

/** What one certificate says, judged once. The validity is asked on every Check. Milliseconds since the epoch. */
export interface Svid {
  readonly spiffeId: SpiffeId;
  readonly notBefore: number;
  readonly notAfter: number;
  /** SHA-256 of the DER, base64url (RFC 8705 §3.1). */
  readonly thumbprint: string;
  /** Why the chain check, where there is one, cannot rely on it. */
  readonly formFault: string | undefined;
}

type Verdict = Svid | { readonly code: RefusalCode; readonly detail: string };

const MAX_ENCODED = 16 * 1024;

/** What a verdict costs beside its key. */
const OVERHEAD = 512;

/**
 * Verdicts by the certificate exactly as Envoy sent it. Bounded twice: 2,000 ordinary certificates, about 1 kB each as
 * sent, are about 3 MB; 2,000 of the largest that are read would be 34 MB without the second bound of 8 MiB.
 */
const verdicts = new LRUCache<string, Verdict>({
  max: 2000,
  maxSize: 8 * 1024 * 1024,
  sizeCalculation: (_, encoded) => encoded.length + OVERHEAD,
});

/**
 * Reads the peer certificate as an X509-SVID: exactly one URI SAN, a leaf, usable for signing (X509-SVID §2–§5).
 * @param encoded URL-encoded PEM, as Envoy's `include_peer_certificate` gives it
 * @throws Refusal `peer_cert_unparseable`, `peer_cert_not_leaf`, `spiffe_*` (threats S04–S08, S14)
 */
export function readSvid(encoded: string): Svid {
  let verdict = verdicts.get(encoded);
  if (verdict === undefined) {
    verdict = judge(encoded);
    if (encoded.length <= MAX_ENCODED) verdicts.set(encoded, verdict);
  }
  if ('code' in verdict) throw new Refusal(verdict.code, verdict.detail);
  return verdict;
}

function judge(encoded: string): Verdict {
  try {
    return parse(encoded);
  } catch (error) {
    if (error instanceof Refusal) return { code: error.code, detail: error.detail };
    return { code: 'peer_cert_unparseable', detail: 'the certificate is not a URL-encoded PEM certificate' };
  }
}

function parse(encoded: string): Svid {
  if (encoded.length > MAX_ENCODED) throw new Refusal('peer_cert_unparseable', 'the certificate is over 16 KiB');
  const pem = decodeURIComponent(encoded);
  if (pem.split('-----BEGIN ').length !== 2) {
    throw new Refusal('peer_cert_unparseable', 'the peer certificate is not exactly one PEM block');
  }
  // OpenSSL reads it first: what it refuses is no certificate, whatever an ASN.1 library makes of it.
  const openssl = new X509Certificate(pem);
  const certificate = AsnConvert.parse(openssl.raw, Certificate);
  const { tbsCertificate } = certificate;
  const extensions = tbsCertificate.extensions ?? [];
  const spiffeId = readSpiffeId(extensions);
  requireSameName(openssl, spiffeId);
  requireLeaf(extensions);
  const thumbprint = createHash('sha256').update(openssl.raw).digest('base64url');
  return { spiffeId, thumbprint, formFault: formFault(certificate), ...readValidity(openssl, tbsCertificate.validity) };
}

/** The ASN.1 library reads month 13 as next January; OpenSSL reads no time at all. Both must see the same (S12). */
function readValidity(openssl: X509Certificate, validity: Validity): Pick<Svid, 'notBefore' | 'notAfter'> {
  const notBefore = validity.notBefore.getTime().getTime();
  const notAfter = validity.notAfter.getTime().getTime();
  if (openssl.validFromDate.getTime() !== notBefore || openssl.validToDate.getTime() !== notAfter) {
    throw new Refusal('peer_cert_unparseable', 'a time of its validity is malformed');
  }
  return { notBefore, notAfter };
}

function readSpiffeId(extensions: readonly Extension[]): SpiffeId {
  const san = only(extensions, id_ce_subjectAltName);
  const names = san === undefined ? [] : [...AsnConvert.parse(san.extnValue, SubjectAlternativeName)];
  const uris = names.flatMap((name) =>
    name.uniformResourceIdentifier === undefined ? [] : [name.uniformResourceIdentifier],
  );
  const [uri] = uris;
  if (uri === undefined) throw new Refusal('spiffe_not_uri_san', 'the certificate has no URI SAN');
  if (uris.length > 1) throw new Refusal('spiffe_multiple_uri_san', 'the certificate has more than one URI SAN');
  const spiffeId = parseSpiffeId(uri);
  if (spiffeId === undefined) throw new Refusal('spiffe_id_invalid', 'the URI SAN is not the SPIFFE ID of a workload');
  return spiffeId;
}

/** The ASN.1 library reads on past a length that is wrong, where OpenSSL reads no name at all. Both must see one (S04). */
function requireSameName({ subjectAltName = '' }: X509Certificate, { id }: SpiffeId): void {
  const uris = subjectAltName.split(', ').filter((name) => name.startsWith('URI:'));
  if (uris.length === 1 && uris[0] === `URI:${id}`) return;
  throw new Refusal('peer_cert_unparseable', 'its URI SAN is not encoded as OpenSSL reads it');
}

/** X509-SVID §4: cA false; keyUsage critical, digitalSignature, neither keyCertSign nor cRLSign; EKU with both sides. */
function requireLeaf(extensions: readonly Extension[]): void {
  const basic = only(extensions, id_ce_basicConstraints);
  if (basic !== undefined && AsnConvert.parse(basic.extnValue, BasicConstraints).cA) throw notLeaf('is a CA');
  const usage = only(extensions, id_ce_keyUsage);
  if (usage === undefined || !usage.critical) throw notLeaf('has no critical keyUsage');
  const flags = AsnConvert.parse(usage.extnValue, KeyUsage).toNumber();
  if ((flags & KeyUsageFlags.digitalSignature) === 0) throw notLeaf('may not sign');
  if ((flags & (KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign)) !== 0) throw notLeaf('may sign certificates');
  const extended = only(extensions, id_ce_extKeyUsage);
  if (extended === undefined) return;
  const purposes: readonly string[] = [...AsnConvert.parse(extended.extnValue, ExtendedKeyUsage)];
  if (!purposes.includes(id_kp_clientAuth) || !purposes.includes(id_kp_serverAuth)) {
    throw notLeaf('has an extendedKeyUsage without both client and server authentication');
  }
}

/** RFC 5280 §4.2: a certificate holds an extension at most once; two would let two readers see two identities. */
function only(extensions: readonly Extension[], oid: string): Extension | undefined {
  const found = extensions.filter((extension) => extension.extnID === oid);
  if (found.length > 1) throw new Refusal('peer_cert_unparseable', 'an extension is there twice');
  return found[0];
}

function notLeaf(why: string): Refusal {
  return new Refusal('peer_cert_not_leaf', `the certificate ${why}`);
}
