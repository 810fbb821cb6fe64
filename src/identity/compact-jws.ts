import { Refusal, type RefusalCode } from '../refusals.ts';
import { parseStrictJson, StrictJsonError } from '../strict-json.ts';

/** The two JSON parts of a compact JWS, nothing verified. */
export interface CompactJws {
  /** Some algorithm: anything but `none`. */
  readonly alg: string;
  readonly header: Readonly<Record<string, unknown>>;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** How a kind of JWS is refused, and how long it may be. `what` begins each detail. */
export interface CompactJwsRules {
  readonly what: string;
  readonly maxLength: number;
  readonly codes: Readonly<Record<'size' | 'format' | 'ambiguous' | 'alg' | 'extension', RefusalCode>>;
}

const LIMITS = { depth: 16, members: 256, values: 2048 };
const BASE64URL = /^[A-Za-z0-9_-]+$/;

/**
 * Takes a compact JWS apart and refuses what no verifier should have to judge: other serialisations, non-canonical
 * base64url, JSON that two parsers read differently, `crit` and `b64` (RFC 7515 §4.1.11, RFC 7797; threats J01, J06–J13).
 * The size is judged first, nesting and number of members before anything is built.
 * @throws Refusal
 */
export function readCompactJws(text: string, { what, maxLength, codes }: CompactJwsRules): CompactJws {
  if (text.length > maxLength) throw new Refusal(codes.size, `${what} is over ${maxLength / 1024} KiB`);
  const parts = text.split('.');
  const [head, body, signature] = parts;
  if (parts.length !== 3 || head === undefined || body === undefined || signature === undefined) {
    throw new Refusal(codes.format, `${what} does not have three parts`);
  }

  const header = parseObject(head, 'header');
  if (Object.hasOwn(header, 'crit') || Object.hasOwn(header, 'b64')) {
    throw new Refusal(codes.extension, `${what} has crit or b64 in its header`);
  }
  const alg = header['alg'];
  if (typeof alg !== 'string' || alg.toLowerCase() === 'none') {
    throw new Refusal(codes.alg, `${what} has no signature algorithm`);
  }
  decodePart(signature);
  return { alg, header, payload: parseObject(body, 'payload') };

  function parseObject(part: string, name: string): Record<string, unknown> {
    const bytes = decodePart(part);
    try {
      const value = parseStrictJson(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes), LIMITS);
      if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
    } catch (error) {
      throw new Refusal(codes[faultOf(error)], `${what}: its ${name} is not plain JSON`);
    }
    throw new Refusal(codes.format, `${what}: its ${name} is not a JSON object`);
  }

  /** Base64url that decodes and encodes back to itself: one token has one spelling (threats J13). */
  function decodePart(part: string): Buffer {
    const bytes = BASE64URL.test(part) ? Buffer.from(part, 'base64url') : undefined;
    if (bytes === undefined || bytes.toString('base64url') !== part) {
      throw new Refusal(codes.format, `${what}: a part is not canonical base64url`);
    }
    return bytes;
  }
}

function faultOf(error: unknown): 'format' | 'ambiguous' | 'size' {
  if (!(error instanceof StrictJsonError) || error.fault === 'syntax') return 'format';
  return error.fault === 'duplicate' ? 'ambiguous' : 'size';
}
