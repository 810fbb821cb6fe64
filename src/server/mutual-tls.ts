import type { SecureServerOptions } from 'node:http2';
import { type CheckTls, readTlsFiles } from './tls-files.ts';

/**
 * TLS that asks for a client certificate and takes any connection: who may not ask is told so by a denial, with a record,
 * where a failed handshake would be "error" to Envoy, which `failure_mode_allow` turns into ALLOW (threats E02, E29).
 * @throws Error where a file cannot be used
 */
export function mutualTls(files: CheckTls): SecureServerOptions {
  return { ...readTlsFiles(files), requestCert: true, rejectUnauthorized: false, minVersion: 'TLSv1.2' };
}
