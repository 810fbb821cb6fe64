/** Signs whatever it is given, however wrong, so that it is never the signature that a hostile token fails on. */
import { generateKeyPairSync, sign } from 'node:crypto';
import type { JWK } from 'jose';

export interface Signer {
  readonly kid: string;
  readonly jwk: JWK;
  /** A compact JWS over these two texts, ES256. */
  sign(header: string, payload: string): string;
}

export function createSigner(kid: string): Signer {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    kid,
    jwk: { ...publicKey.export({ format: 'jwk' }), kid, alg: 'ES256', use: 'sig' },
    sign: (header, payload) => {
      const input = `${base64url(header)}.${base64url(payload)}`;
      const signature = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' });
      return `${input}.${signature.toString('base64url')}`;
    },
  };
}

export function base64url(text: string): string {
  return Buffer.from(text).toString('base64url');
}
