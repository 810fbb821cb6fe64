import { Refusal, type RefusalCode } from '../refusals.ts';
import { parseStrictJson, StrictJsonError } from '../strict-json.ts';

/** A compact JWS taken apart, nothing verified. */
export interface UnverifiedJws {
  readonly alg: string;
  readonly kid: string | undefined;
  readonly typ: string;
  /** `iss`: only for choosing whose keys to try. */
  readonly issuer: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

const MAX_TOKEN = 16 * 1024;
const LIMITS = { depth: 16, members: 256, values: 2048 };
const BASE64URL = /^[A-Za-z0-9_-]+$/;

/**
 * Takes a compact JWS apart and refuses everything that a verifier should never have to judge: other serialisations,
 * non-canonical base64url, a header that brings its own key, `crit` (RFC 7515 §4.1.11, RFC 8725 §3; threats J01–J13).
 * @throws Refusal
 */
export function parseJws(token: string): UnverifiedJws {
  if (token.length > MAX_TOKEN) throw new Refusal('token_too_large', 'the token is over 16 KiB');
  const parts = token.split('.');
  const [head, body, signature] = parts;
  if (parts.length !== 3 || head === undefined || body === undefined || signature === undefined) {
    throw new Refusal('token_format', 'the token does not have three parts');
  }
  const header = parseObject(decodePart(head), 'header');
  for (const name of ['jwk', 'jku', 'x5u', 'x5c']) {
    if (Object.hasOwn(header, name)) throw new Refusal('header_param_forbidden', `the header has ${name}`);
  }
  if (Object.hasOwn(header, 'crit') || Object.hasOwn(header, 'b64')) {
    throw new Refusal('crit_unsupported', 'the header has crit or b64');
  }
  const { alg, kid, typ } = header;
  if (typeof alg !== 'string' || alg.toLowerCase() === 'none') {
    throw new Refusal('alg_not_allowed', 'the header has no signature algorithm');
  }
  if (kid !== undefined && (typeof kid !== 'string' || kid === '' || kid.length > 256)) {
    throw new Refusal('kid_invalid', 'kid is not a string of 1 to 256 characters');
  }
  if (typ !== undefined && typeof typ !== 'string') throw new Refusal('token_type_mismatch', 'typ is not a string');
  if (signature === '') throw new Refusal('token_format', 'the signature is empty');
  decodePart(signature);
  const payload = parseObject(decodePart(body), 'payload');
  const issuer = payload['iss'];
  if (typeof issuer !== 'string') throw new Refusal('claim_type', 'iss is missing or not a string');
  return { alg, kid, typ: mediaType(typ ?? ''), issuer, payload };
}

/** RFC 7515 §4.1.9: `application/` may be left out; media types are compared without case. */
function mediaType(typ: string): string {
  return typ.toLowerCase().replace(/^application\/(?=[^/]+$)/, '');
}

/** Base64url that decodes and encodes back to itself: one token has one spelling (threats J13). */
function decodePart(part: string): Buffer {
  const bytes = BASE64URL.test(part) ? Buffer.from(part, 'base64url') : undefined;
  if (bytes === undefined || bytes.toString('base64url') !== part) {
    throw new Refusal('token_format', 'a part is not canonical base64url');
  }
  return bytes;
}

function parseObject(bytes: Buffer, what: string): Record<string, unknown> {
  try {
    const value = parseStrictJson(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes), LIMITS);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch (error) {
    throw new Refusal(codeOf(error), `the ${what} is not plain JSON`);
  }
  throw new Refusal('token_format', `the ${what} is not a JSON object`);
}

function codeOf(error: unknown): RefusalCode {
  if (!(error instanceof StrictJsonError) || error.fault === 'syntax') return 'token_format';
  return error.fault === 'duplicate' ? 'token_ambiguous' : 'token_too_large';
}
