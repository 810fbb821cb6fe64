import { Refusal } from '../refusals.ts';
import { type CompactJwsRules, readCompactJws } from './compact-jws.ts';

/** A token that is a compact JWS, taken apart, nothing verified. */
export interface UnverifiedJws {
  readonly alg: string;
  readonly kid: string | undefined;
  readonly typ: string;
  /** `iss`: only for choosing whose keys to try. */
  readonly issuer: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

const RULES: CompactJwsRules = {
  what: 'the token',
  maxLength: 16 * 1024,
  codes: {
    size: 'token_too_large',
    format: 'token_format',
    ambiguous: 'token_ambiguous',
    alg: 'alg_not_allowed',
    extension: 'crit_unsupported',
  },
};

/**
 * Takes a token apart that is a compact JWS, and refuses a header that brings its own key or names one badly (RFC 8725
 * §3.10; threats J03, J04).
 * @throws Refusal
 */
export function parseJws(token: string): UnverifiedJws {
  const { alg, header, payload } = readCompactJws(token, RULES);
  for (const name of ['jwk', 'jku', 'x5u', 'x5c']) {
    if (Object.hasOwn(header, name)) throw new Refusal('header_param_forbidden', `the header has ${name}`);
  }
  const { kid, typ = '' } = header;
  if (kid !== undefined && (typeof kid !== 'string' || kid === '' || kid.length > 256)) {
    throw new Refusal('kid_invalid', 'kid is not a string of 1 to 256 characters');
  }
  if (typeof typ !== 'string') throw new Refusal('token_type_mismatch', 'typ is not a string');
  const issuer = payload['iss'];
  if (typeof issuer !== 'string') throw new Refusal('claim_type', 'iss is missing or not a string');
  return { alg, kid, typ: mediaType(typ), issuer, payload };
}

/** RFC 7515 §4.1.9: `application/` may be left out; media types are compared without case. */
function mediaType(typ: string): string {
  return typ.toLowerCase().replace(/^application\/(?=[^/]+$)/, '');
}
