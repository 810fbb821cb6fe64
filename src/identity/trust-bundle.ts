import { LRUCache } from 'lru-cache';
import { type CaCertificate, readCaCertificate } from './ca-certificate.ts';

/** From when to when, in milliseconds since the epoch, every certificate of one path to a root is valid. */
export interface Window {
  readonly notBefore: number;
  readonly notAfter: number;
}

/** A CA of the bundle that a path leads from to a root of the bundle; one window for each path. */
export interface BundleIssuer {
  readonly certificate: CaCertificate;
  readonly windows: readonly Window[];
}

/** How a certificate chains: the windows of its paths to a root, or why there is none. */
export type ChainVerdict = readonly Window[] | 'peer_cert_unverified' | 'trust_domain_ca_mismatch';

/** What one trust domain's CAs vouch for. A reload makes a new one, and with it forgets what was verified by the old. */
export interface TrustBundle {
  readonly issuers: readonly BundleIssuer[];
  /** Certificates that were verified before, as Envoy sent them. */
  readonly verified: LRUCache<string, ChainVerdict>;
}

const MAX_CERTIFICATES = 32;
const MAX_PATHS = 256;
const BLOCK = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;

/**
 * Reads the PEM bundle of one trust domain: its roots, two of them while a CA is rotated (threats S13), and the
 * intermediates that Envoy does not send. All paths between them are verified here, once, so that a Check has at most
 * the leaf's own signature to verify.
 * @throws Error that says what is wrong, without the text
 */
export function readTrustBundle(pem: string): TrustBundle {
  const blocks = pem.match(BLOCK) ?? [];
  if (pem.split('-----BEGIN ').length - 1 !== blocks.length)
    throw new Error('it holds something other than certificates');
  if (blocks.length === 0) throw new Error('it holds no certificate');
  if (blocks.length > MAX_CERTIFICATES) throw new Error(`it holds over ${MAX_CERTIFICATES} certificates`);
  const certificates = blocks.map(readBlock);
  if (!certificates.some(isRoot)) throw new Error('it holds no root: no certificate that signed itself');
  const issuers = certificates
    .map((certificate) => ({ certificate, windows: pathsFrom(certificate, certificates) }))
    .filter(({ windows }) => windows.length > 0);
  return { issuers, verified: new LRUCache({ max: 2000, maxSize: 8 * 1024 * 1024, sizeCalculation: costOf }) };
}

function costOf(_: ChainVerdict, encoded: string): number {
  return encoded.length + 256;
}

function readBlock(pem: string, index: number): CaCertificate {
  try {
    return readCaCertificate(pem);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`its certificate ${index + 1} cannot be used: ${why}`, { cause: error });
  }
}

function isRoot({ x509, isSelfIssued }: CaCertificate): boolean {
  return isSelfIssued && x509.verify(x509.publicKey);
}

/** Walks from issuer to issuer until a root, depth first, never through one certificate twice (RFC 5280 §6.1). */
function pathsFrom(start: CaCertificate, all: readonly CaCertificate[]): readonly Window[] {
  const windows: Window[] = [];
  const walk = (path: readonly CaCertificate[]): void => {
    const top = path.at(-1);
    if (top === undefined || !isWithinLength(path)) return;
    if (isRoot(top)) windows.push(intersect(path));
    if (windows.length > MAX_PATHS) throw new Error(`it holds over ${MAX_PATHS} paths from one certificate to a root`);
    if (isRoot(top)) return;
    for (const next of all) if (!path.includes(next) && hasIssued(next, top)) walk([...path, next]);
  };
  walk([start]);
  return windows;
}

/** RFC 5280 §4.2.1.9: only intermediates that are not self-issued count, and the leaf is none. */
function isWithinLength(path: readonly CaCertificate[]): boolean {
  let below = 0;
  for (const { maxBelow, isSelfIssued } of path) {
    if (below > maxBelow) return false;
    if (!isSelfIssued) below += 1;
  }
  return true;
}

function hasIssued(issuer: CaCertificate, { x509 }: CaCertificate): boolean {
  return x509.checkIssued(issuer.x509) && x509.verify(issuer.x509.publicKey);
}

function intersect(path: readonly CaCertificate[]): Window {
  return {
    notBefore: Math.max(...path.map(({ notBefore }) => notBefore)),
    notAfter: Math.min(...path.map(({ notAfter }) => notAfter)),
  };
}
