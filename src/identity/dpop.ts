import { hash } from 'node:crypto';
import { compactVerify } from 'jose';
import { Refusal } from '../refusals.ts';
import type { CheckInput } from '../request/check-input.ts';
import { digest } from './digest.ts';
import { type DpopKey, readDpopKey } from './dpop-key.ts';
import { type DpopProof, readDpopProof } from './dpop-proof.ts';
import type { DpopRules } from './dpop-rules.ts';
import { dpopUrl } from './dpop-url.ts';
import type { OneUse } from './identity.ts';

/** What a proof is held against. `now` is in milliseconds since the epoch. */
export interface DpopParts {
  readonly rules: DpopRules;
  /** The token that the proof is for, as it was sent. */
  readonly token: string;
  /** `cnf.jkt` of the token. */
  readonly thumbprint: string;
  /** In seconds: how far the clocks of the issuer's clients may differ from ours. */
  readonly clockSkew: number;
  readonly now: number;
}

/** In seconds, both ways. */
const WINDOW = 60;

/**
 * Verifies the DPoP proof of a request, all of RFC 9449 §4.3 and §7, what costs least first and the signature last
 * (threats D03–D08, D11). That it was not used before is for the store to say.
 * @returns what must not be used twice
 * @throws Refusal `dpop_*`, `credential_ambiguous`
 */
export async function verifyDpop(
  { method, host, path, headers }: Pick<CheckInput, 'method' | 'host' | 'path' | 'headers'>,
  { rules, token, thumbprint, clockSkew, now }: DpopParts,
): Promise<OneUse> {
  const proof = readDpopProof(headers['dpop']);
  if (proof.method !== method) throw new Refusal('dpop_htm_mismatch', 'htm is not the method of the request');
  const url = rules.urlOf(host, path);
  if (url === undefined || dpopUrl(proof.url) !== url) {
    throw new Refusal('dpop_htu_mismatch', 'htu is not the URL of the request');
  }
  if (proof.tokenHash !== hash('sha256', token, 'base64url')) {
    throw new Refusal('dpop_ath_mismatch', 'ath is not the hash of the token');
  }
  if (!(Math.abs(now / 1000 - proof.issuedAt) <= WINDOW)) throw new Refusal('dpop_stale', 'iat is not within 60 s');
  const key = await readDpopKey(proof.jwk, proof.alg);
  if (key.thumbprint !== thumbprint) throw new Refusal('dpop_key_mismatch', 'the key is not that of cnf.jkt');
  requireNonce(proof, key, rules, now);
  await requireSignature(proof, key);
  return {
    kind: 'dpop',
    key: digest('dpop', thumbprint, proof.jti),
    // While any process could still accept it, and a little longer (threats D02).
    until: Math.ceil((proof.issuedAt + 2 * WINDOW + clockSkew) * 1000),
  };
}

/** RFC 9449 §9: the answer to a proof without our nonce is the nonce. */
function requireNonce({ nonce }: DpopProof, { thumbprint }: DpopKey, { nonces }: DpopRules, now: number): void {
  if (nonces === undefined || nonces.accepts(nonce, thumbprint, now)) return;
  throw new Refusal('dpop_nonce_required', 'the proof has no nonce of ours, or an old one', {
    dpopNonce: nonces.issue(thumbprint, now),
    remediation: 'Make a new proof with the nonce of the DPoP-Nonce header.',
  });
}

async function requireSignature({ text, alg }: DpopProof, key: DpopKey): Promise<void> {
  const imported = await key.import();
  try {
    await compactVerify(text, imported, { algorithms: [alg] });
  } catch (cause) {
    throw new Refusal('dpop_signature_invalid', 'the signature does not verify', { cause });
  }
}
