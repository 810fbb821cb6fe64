import { Refusal } from '../refusals.ts';
import { type CompactJwsRules, readCompactJws } from './compact-jws.ts';

/** A DPoP proof taken apart (RFC 9449 §4.2), nothing verified. */
export interface DpopProof {
  readonly text: string;
  readonly alg: string;
  /** Unread: dpop-key.ts judges it. */
  readonly jwk: unknown;
  readonly jti: string;
  readonly method: string;
  readonly url: string;
  /** NumericDate, in seconds. */
  readonly issuedAt: number;
  readonly tokenHash: string | undefined;
  readonly nonce: unknown;
}

const RULES: CompactJwsRules = {
  what: 'the DPoP proof',
  maxLength: 4 * 1024,
  codes: {
    size: 'dpop_malformed',
    format: 'dpop_malformed',
    ambiguous: 'dpop_malformed',
    alg: 'dpop_alg',
    extension: 'dpop_malformed',
  },
};
const MAX_JTI = 256;

/**
 * Reads the one DPoP proof of a request (RFC 9449 §4.3, checks 1 to 5; threats D06, D07).
 * @param header the `dpop` header; Envoy joins two with a comma
 * @throws Refusal `dpop_required`, `credential_ambiguous`, `dpop_malformed`, `dpop_alg`
 */
export function readDpopProof(header: string | undefined): DpopProof {
  if (header === undefined || header === '') throw new Refusal('dpop_required', 'there is no DPoP proof');
  if (header.includes(',')) throw new Refusal('credential_ambiguous', 'there are two DPoP proofs');
  const { alg, header: jose, payload } = readCompactJws(header, RULES);
  const { typ, jwk } = jose;
  if (typeof typ !== 'string' || !/^(?:application\/)?dpop\+jwt$/i.test(typ)) throw malformed('typ is not dpop+jwt');
  for (const name of ['jku', 'x5u', 'x5c']) if (Object.hasOwn(jose, name)) throw malformed(`its header has ${name}`);
  const { jti, htm, htu, iat, ath, nonce } = payload;
  if (typeof jti !== 'string' || jti === '' || jti.length > MAX_JTI) throw malformed('jti is not 1 to 256 characters');
  if (typeof htm !== 'string' || typeof htu !== 'string') throw malformed('htm or htu is missing');
  if (typeof iat !== 'number' || !Number.isFinite(iat)) throw malformed('iat is no NumericDate');
  if (ath !== undefined && typeof ath !== 'string') throw malformed('ath is not text');
  return { text: header, alg, jwk, jti, method: htm, url: htu, issuedAt: iat, tokenHash: ath, nonce };
}

function malformed(why: string): Refusal {
  return new Refusal('dpop_malformed', `the DPoP proof: ${why}`);
}
