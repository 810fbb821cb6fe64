/**
 * A client with a DPoP key (RFC 9449): its thumbprint for `cnf.jkt`, and proofs as a client makes them, or as an attacker
 * would.
 */
import { createHash, randomUUID } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';

export interface ProofOptions {
  readonly token: string;
  readonly method?: string;
  readonly url: string;
  /** Replaces claims; `undefined` takes one out. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Replaces header parameters; `undefined` takes one out. */
  readonly header?: Readonly<Record<string, unknown>>;
}

export interface DpopClient {
  readonly jwk: JWK;
  readonly privateJwk: JWK;
  /** RFC 7638. */
  readonly thumbprint: string;
  prove(options: ProofOptions): Promise<string>;
}

export async function createDpopClient(alg = 'ES256', modulusLength = 2048): Promise<DpopClient> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true, modulusLength });
  const [jwk, privateJwk] = await Promise.all([exportJWK(publicKey), exportJWK(privateKey)]);
  return {
    jwk,
    privateJwk,
    thumbprint: await calculateJwkThumbprint(jwk),
    prove: ({ token, method = 'GET', url, claims, header }) => {
      const proof = {
        jti: randomUUID(),
        htm: method,
        htu: url,
        iat: Math.floor(Date.now() / 1000),
        ath: createHash('sha256').update(token).digest('base64url'),
        ...claims,
      };
      return new SignJWT(proof).setProtectedHeader({ alg, typ: 'dpop+jwt', jwk, ...header }).sign(privateKey);
    },
  };
}
