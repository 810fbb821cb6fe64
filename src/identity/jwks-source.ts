import { readFile } from 'node:fs/promises';
import { cappedBody } from './capped-body.ts';

const MAX_BYTES = 512 * 1024;
const TIMEOUT_MS = 5000;

/** What a source answered. */
export interface JwksAnswer {
  /** The text of a JWKS, unread; undefined where it is the one that `etag` named (HTTP 304). */
  readonly text: string | undefined;
  readonly etag?: string | undefined;
  /** `Cache-Control: max-age`, in seconds: how long the answer is good for, says the issuer. */
  readonly maxAge?: number | undefined;
}

/**
 * Fetches the text of a JWKS: no redirects, a size cap, a time limit (threats J22). It judges nothing; key-set.ts does.
 * @param etag of the answer that is held: the same one need not be sent again (RFC 9110 §13.1.2)
 * @throws Error whose message says what to look at, without the body
 */
export async function fetchJwks(
  source: { readonly uri: string } | { readonly file: string },
  etag?: string,
): Promise<JwksAnswer> {
  if ('file' in source) {
    const bytes = await readFile(source.file);
    if (bytes.length > MAX_BYTES) throw new Error(`${source.file} is over 512 KiB`);
    return { text: bytes.toString('utf8') };
  }
  const response = await fetch(source.uri, {
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
    headers: {
      accept: 'application/jwk-set+json, application/json',
      ...(etag !== undefined && { 'if-none-match': etag }),
    },
  });
  const { headers, status } = response;
  const maxAge = maxAgeOf(headers.get('cache-control'));
  if (status === 200) {
    return { text: await cappedBody(response, MAX_BYTES, source.uri), etag: headers.get('etag') ?? undefined, maxAge };
  }
  // A body that nobody reads holds its connection until the garbage collector comes by.
  await response.body?.cancel();
  if (status === 304 && etag !== undefined) return { text: undefined, etag, maxAge };
  throw new Error(`${source.uri} answered ${status}`);
}

/** RFC 9111 §5.2.2: what must not be stored is good for no time at all. */
function maxAgeOf(cacheControl: string | null): number | undefined {
  if (cacheControl === null) return undefined;
  if (/(?:^|[\s,])no-(?:store|cache)(?:$|[\s,=])/i.test(cacheControl)) return 0;
  const seconds = /(?:^|[\s,])max-age="?(\d{1,9})/i.exec(cacheControl)?.[1];
  return seconds === undefined ? undefined : Number(seconds);
}
