import { type CryptoKey, importJWK } from 'jose';
import { Refusal } from '../refusals.ts';
import type { PublishedKey } from './jwks.ts';

/** Imports a published key for an algorithm, once. @throws Refusal `key_unknown` */
export async function importedKey(key: PublishedKey, alg: string): Promise<CryptoKey> {
  let imported = key.imported.get(alg);
  if (imported === undefined) {
    imported = importJWK(key.jwk, alg) as Promise<CryptoKey>;
    key.imported.set(alg, imported);
  }
  try {
    return await imported;
  } catch (error) {
    throw new Refusal('key_unknown', 'the published key does not fit the algorithm', { cause: error });
  }
}
