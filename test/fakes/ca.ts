/**
 * A certificate authority that lives as long as the test. What it issues conforms to the X509-SVID spec, unless a test
 * asks for a bad one. Elliptic curve P-256, so that a hundred certificates cost less than a second.
 */
import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AttributeValue,
  AuthorityKeyIdentifier,
  BasicConstraints,
  Certificate,
  ExtendedKeyUsage,
  Extension,
  Extensions,
  GeneralName,
  id_ce_authorityKeyIdentifier,
  id_ce_basicConstraints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_subjectAltName,
  id_ce_subjectKeyIdentifier,
  id_kp_clientAuth,
  id_kp_serverAuth,
  KeyIdentifier,
  KeyUsage,
  KeyUsageFlags,
  Name,
  RelativeDistinguishedName,
  SubjectAlternativeName,
  SubjectKeyIdentifier,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
} from '@peculiar/asn1-x509';

/** A certificate and its private key, both PEM. */
export interface Issued {
  readonly certificate: string;
  readonly key: string;
}

/** An issuer of certificates. `chain` holds the PEM certificates between its leaves and the root, without the root. */
export interface Authority extends Issued {
  readonly name: string;
  readonly chain: readonly string[];
  readonly privateKey: KeyObject;
}

export interface SvidOptions {
  /** URI SANs, in order. An X509-SVID has exactly one. */
  readonly uris?: readonly string[];
  /** DNS SANs. A server certificate has one; `spiffe://…` here is threats S05. */
  readonly dns?: readonly string[];
  /** IP SANs. */
  readonly ips?: readonly string[];
  /** Subject CN; no subject when absent. */
  readonly cn?: string;
  /** Default: five minutes ago. */
  readonly notBefore?: Date;
  /** Default: in one hour. */
  readonly notAfter?: Date;
  /** Only of a CA: how many intermediates may stand below it. */
  readonly pathLength?: number;
  /** False leaves the key identifier of the issuer out. */
  readonly authorityKeyIdentifier?: boolean;
  /** Extensions to add: an OID; critical, with a value that nobody reads. */
  readonly criticalOids?: readonly string[];
  /** True makes a leaf that says it is a CA, which no X509-SVID may. */
  readonly ca?: boolean;
  /** Default: digitalSignature. `null` leaves the extension out. */
  readonly keyUsage?: number | null;
  /** OIDs; default: server and client authentication. */
  readonly extendedKeyUsage?: readonly string[];
}

const HOUR = 3_600_000;
const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2';

/** Makes a root, or below `parent` an intermediate. `name` becomes its CN; `over` makes it a bad or a short-lived one. */
export function createAuthority(name = 'Test root', parent?: Authority, over: SvidOptions = {}): Authority {
  const { issued, privateKey } = issue(parent, { ...caOptions(name), ...over });
  return { ...issued, name, privateKey, chain: parent === undefined ? [] : [issued.certificate, ...parent.chain] };
}

/** A certificate by `parent` for the name and key of `authority`, which it so vouches for: PEM. */
export function crossSign(authority: Authority, parent: Authority): string {
  return issue(parent, caOptions(authority.name), authority.privateKey).issued.certificate;
}

function caOptions(name: string): SvidOptions {
  return {
    cn: name,
    ca: true,
    keyUsage: KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign,
    extendedKeyUsage: [],
    notAfter: new Date(Date.now() + 24 * HOUR),
  };
}

/** Issues an X.509-SVID (or, by `options`, something that is none). SPIFFE X509-SVID §4. */
export function issueSvid(authority: Authority, options: SvidOptions): Issued {
  return issue(authority, options).issued;
}

function issue(
  issuer: Authority | undefined,
  options: SvidOptions,
  privateKey: KeyObject = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
): { issued: Issued; privateKey: KeyObject } {
  const publicKey = createPublicKey(privateKey);
  const subject = commonName(options.cn);
  const tbs = new TBSCertificate({
    version: Version.v3,
    serialNumber: Uint8Array.from([0x40, ...randomBytes(15)]).buffer,
    signature: new AlgorithmIdentifier({ algorithm: ECDSA_WITH_SHA256 }),
    issuer: issuer === undefined ? subject : commonName(issuer.name),
    validity: new Validity({
      notBefore: options.notBefore ?? new Date(Date.now() - HOUR / 12),
      notAfter: options.notAfter ?? new Date(Date.now() + HOUR),
    }),
    subject,
    subjectPublicKeyInfo: AsnConvert.parse(spki(publicKey), SubjectPublicKeyInfo),
    extensions: new Extensions(extensions(publicKey, issuer, options)),
  });
  const signed = AsnConvert.serialize(tbs);
  const certificate = AsnConvert.serialize(
    new Certificate({
      tbsCertificate: tbs,
      tbsCertificateRaw: signed,
      signatureAlgorithm: tbs.signature,
      signatureValue: toBuffer(sign('sha256', new Uint8Array(signed), issuer?.privateKey ?? privateKey)),
    }),
  );
  const key = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  return { issued: { certificate: pem(certificate), key }, privateKey };
}

function extensions(publicKey: KeyObject, issuer: Authority | undefined, options: SvidOptions): Extension[] {
  const usage = options.keyUsage === undefined ? KeyUsageFlags.digitalSignature : options.keyUsage;
  const purposes = options.extendedKeyUsage ?? [id_kp_serverAuth, id_kp_clientAuth];
  const names = alternativeNames(options);
  const list = [
    extension(id_ce_basicConstraints, true, new BasicConstraints(basicConstraints(options))),
    extension(id_ce_subjectKeyIdentifier, false, new SubjectKeyIdentifier(keyIdentifier(publicKey))),
  ];
  if (usage !== null) {
    list.push(extension(id_ce_keyUsage, true, new KeyUsage(usage)));
  }
  if (purposes.length > 0) {
    list.push(extension(id_ce_extKeyUsage, false, new ExtendedKeyUsage([...purposes])));
  }
  if (names.length > 0) {
    // Critical where there is no subject: RFC 5280 §4.2.1.6.
    list.push(extension(id_ce_subjectAltName, options.cn === undefined, new SubjectAlternativeName(names)));
  }
  if (issuer !== undefined && options.authorityKeyIdentifier !== false) {
    const identifier = new KeyIdentifier(keyIdentifier(createPublicKey(issuer.privateKey)));
    list.push(
      extension(id_ce_authorityKeyIdentifier, false, new AuthorityKeyIdentifier({ keyIdentifier: identifier })),
    );
  }
  list.push(...(options.criticalOids ?? []).map((oid) => extension(oid, true, new BasicConstraints({}))));
  return list;
}

function basicConstraints({ ca = false, pathLength }: SvidOptions): { cA: boolean; pathLenConstraint?: number } {
  return { cA: ca, ...(pathLength !== undefined && { pathLenConstraint: pathLength }) };
}

function alternativeNames({ uris = [], dns = [], ips = [] }: SvidOptions): GeneralName[] {
  return [
    ...uris.map((uri) => new GeneralName({ uniformResourceIdentifier: uri })),
    ...dns.map((name) => new GeneralName({ dNSName: name })),
    ...ips.map((address) => new GeneralName({ iPAddress: address })),
  ];
}

function commonName(cn: string | undefined): Name {
  if (cn === undefined) {
    return new Name([]);
  }
  const value = new AttributeTypeAndValue({ type: '2.5.4.3', value: new AttributeValue({ utf8String: cn }) });
  return new Name([new RelativeDistinguishedName([value])]);
}

function extension(extnID: string, critical: boolean, value: object): Extension {
  return new Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(value)) });
}

function keyIdentifier(publicKey: KeyObject): ArrayBuffer {
  return toBuffer(createHash('sha1').update(spki(publicKey)).digest());
}

function spki(publicKey: KeyObject): Buffer {
  return publicKey.export({ format: 'der', type: 'spki' });
}

function toBuffer(bytes: Uint8Array): ArrayBuffer {
  return Uint8Array.from(bytes).buffer;
}

function pem(der: ArrayBuffer): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
