import type { SecureContextOptions } from 'node:tls';
import { ServerCredentials } from '@grpc/grpc-js';
import { type CheckTls, readTlsFiles } from './tls-files.ts';

/**
 * TLS that asks for a client certificate and takes any connection: who may not ask is told so by a denial, with a record,
 * where a failed handshake would be "error" to Envoy, which `failure_mode_allow` turns into ALLOW (threats E02, E29).
 */
export class MutualTls extends ServerCredentials {
  readonly #files: CheckTls;

  /** @throws Error where a file cannot be used */
  constructor(files: CheckTls) {
    super({ requestCert: true, rejectUnauthorized: false, minVersion: 'TLSv1.2' }, readTlsFiles(files));
    this.#files = files;
  }

  /**
   * Reads the files anew, for connections from now on.
   * @throws Error where a file cannot be used: the old ones stay
   */
  renew(): void {
    const next: SecureContextOptions = readTlsFiles(this.#files);
    this.updateSecureContextOptions(next);
  }

  override _equals(other: ServerCredentials): boolean {
    return this === other;
  }
}
