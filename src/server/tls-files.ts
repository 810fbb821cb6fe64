import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext, type SecureContextOptions } from 'node:tls';

/** `listen.check.tls`: who we are to Envoy, and which Envoys may ask. */
export interface CheckTls {
  /** `file:PATH` of PEM files: our chain, its key, the CAs of Envoy's certificate. */
  readonly cert: string;
  readonly key: string;
  readonly clientCa: string;
  /** SPIFFE IDs. */
  readonly callers: readonly string[];
}

/**
 * Reads the files and tries them together, so that half of a rotation is not taken.
 * @throws Error that says which file, without its content
 */
export function readTlsFiles({ cert, key, clientCa }: Omit<CheckTls, 'callers'>): SecureContextOptions {
  const options = { cert: [read(cert)], key: [read(key)], ca: authorities(clientCa) };
  try {
    createSecureContext(options);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw new Error(`${cert} and ${key} cannot be used together: ${code}`, { cause: error });
  }
  return options;
}

/** One entry each: an empty `ca` would mean the public CAs of the web, and Node takes what it cannot read for empty. */
function authorities(file: string): Buffer[] {
  const blocks =
    read(file)
      .toString('latin1')
      .match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) throw new Error(`${file} holds no certificate`);
  try {
    return blocks.map((block) => Buffer.from(new X509Certificate(block).toString()));
  } catch (error) {
    throw new Error(`${file} holds a certificate that cannot be read`, { cause: error });
  }
}

function read(file: string): Buffer {
  try {
    return readFileSync(file.slice('file:'.length));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw new Error(`${file} cannot be read: ${code}`, { cause: error });
  }
}
