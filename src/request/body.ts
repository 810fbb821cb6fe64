import { parseStrictJson, StrictJsonError } from '../strict-json.ts';
import type { Body } from './check-input.ts';
import type { Headers } from './headers.ts';
import type { HttpRequest__Output } from './wire-types.ts';

/** A body is parsed on the thread that all Checks share: at most a few milliseconds for one of them. */
const MAX_JSON = 256 * 1024;
const LIMITS = { depth: 32, members: 10_000, values: 20_000 };
const ABSENT: Body = Object.freeze({ state: 'absent' });
const TRUNCATED: Body = Object.freeze({ state: 'truncated' });
const INVALID: Body = Object.freeze({ state: 'invalid' });
const AMBIGUOUS: Body = Object.freeze({ state: 'invalid', isAmbiguous: true });

/**
 * Reads a JSON body, where Envoy sent one, when it is first asked for: nobody can make us parse who has not been
 * identified. Never refuses: a row that reads the body refuses what is not `ok`, and every other row does not care
 * (threats E16–E18). `invalid` covers anything that is not unambiguous UTF-8 JSON.
 */
export function readBody(http: HttpRequest__Output, headers: Headers): () => Body {
  let body: Body | undefined;
  return () => (body ??= parseBody(http, headers));
}

function parseBody(http: HttpRequest__Output, headers: Headers): Body {
  const { raw_body: raw, body: text = '' } = http;
  // Envoy fills one of the two. Where both are there and differ, two readers would see two bodies (threats E18).
  if (raw !== undefined && raw.length > 0 && text !== '' && !raw.equals(Buffer.from(text, 'utf8'))) return AMBIGUOUS;
  const bytes = raw !== undefined && raw.length > 0 ? raw : Buffer.from(text, 'utf8');
  if (bytes.length === 0) return (http.size ?? -1) > 0 && declaresBody(headers) ? TRUNCATED : ABSENT;
  if (!isWhole(headers) || (http.size ?? -1) > bytes.length) return TRUNCATED;
  if (bytes.length > MAX_JSON || !isPlainJson(headers)) return INVALID;
  try {
    const json = parseStrictJson(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes), LIMITS);
    return { state: 'ok', json };
  } catch (error) {
    return error instanceof StrictJsonError && error.fault === 'duplicate' ? AMBIGUOUS : INVALID;
  }
}

/** Envoy was told to send the body (it then says whether it is partial), and sent none of it. */
function declaresBody(headers: Headers): boolean {
  return headers['x-envoy-auth-partial-body'] !== undefined;
}

/** Envoy says `false` outright, where it says anything. */
function isWhole(headers: Headers): boolean {
  return (headers['x-envoy-auth-partial-body'] ?? 'false') === 'false';
}

/** Another charset or encoding would be another text to the upstream than to us. */
function isPlainJson(headers: Headers): boolean {
  const [type = '', ...parameters] = (headers['content-type'] ?? '')
    .toLowerCase()
    .split(';')
    .map((part) => part.trim());
  const isJson = type === 'application/json' || /^application\/[a-z0-9.-]+\+json$/.test(type);
  const isUtf8 = parameters.every((one) => !one.startsWith('charset') || /^charset="?utf-8"?$/.test(one));
  return isJson && isUtf8 && (headers['content-encoding'] ?? 'identity') === 'identity';
}
