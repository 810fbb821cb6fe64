import { BundleError } from '../bundle-error.ts';
import { shownUrl } from './shown-url.ts';

export interface DownloadRequest {
  readonly url: string;
  /** Sent as a bearer token, to the configured host alone. */
  readonly token?: string | undefined;
  /** Of the bundle that is held: the same one need not be sent again (RFC 9110 §13.1.2). */
  readonly etag?: string | undefined;
  /** Asks the server to answer when there is something new, or after so many seconds (RFC 7240 §4.3). */
  readonly waitSeconds?: number | undefined;
  readonly signal?: AbortSignal;
}

/** What a bundle server answered. */
export interface Download {
  /** Undefined where it is the bundle that `etag` named (HTTP 304). */
  readonly bytes: Uint8Array<ArrayBuffer> | undefined;
  readonly etag: string | undefined;
  /** Whether it says that it knows long polling; undefined where it does not say. */
  readonly isLongPoll: boolean | undefined;
}

/** What is left of a redirect loop, or of a server that never ends. */
const MAX_REDIRECTS = 5;
const MAX_BYTES = 16 * 1024 * 1024;
const HEADERS_WITHIN_MS = 10_000;
const BODY_WITHIN_MS = 60_000;
const LONG_POLL_TYPE = 'application/vnd.openpolicyagent.bundles';

/**
 * Asks a bundle server once, as OPA does. Delta bundles are not asked for: they carry no signature.
 * @see https://www.openpolicyagent.org/docs/management-bundles#bundle-service-api
 * @throws BundleError `bundle_unreadable`, whose message names no secret and quotes no answer
 */
export async function downloadBundle(request: DownloadRequest): Promise<Download> {
  const timeout = new AbortController();
  const signal = request.signal === undefined ? timeout.signal : AbortSignal.any([request.signal, timeout.signal]);
  const within = (ms: number): NodeJS.Timeout => setTimeout(() => timeout.abort(new Error('it took too long')), ms);
  let timer = within(HEADERS_WITHIN_MS + (request.waitSeconds ?? 0) * 1000);
  try {
    const response = await ask(request, signal);
    clearTimeout(timer);
    timer = within(BODY_WITHIN_MS);
    return await read(response, request);
  } catch (cause) {
    if (cause instanceof BundleError) throw cause;
    throw unreadable(`${shownUrl(request.url)} cannot be reached: ${reasonOf(cause)}`, cause);
  } finally {
    clearTimeout(timer);
  }
}

/** Follows redirects within the host: another one is not who was configured, and must not see the token (threats P10). */
async function ask({ url, token, etag, waitSeconds }: DownloadRequest, signal: AbortSignal): Promise<Response> {
  const headers = {
    prefer: `modes=snapshot${waitSeconds === undefined ? '' : `;wait=${waitSeconds}`}`,
    // Were it compressed once more, it would be unpacked on the way, and no longer be what was signed.
    'accept-encoding': 'identity',
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
    ...(etag !== undefined && { 'if-none-match': etag }),
  };
  let target = new URL(url);
  for (let hops = 0; hops <= MAX_REDIRECTS; hops += 1) {
    const response = await fetch(target, { redirect: 'manual', signal, headers });
    const location = response.headers.get('location');
    if (![301, 302, 303, 307, 308].includes(response.status) || location === null) return response;
    await response.body?.cancel();
    const next = new URL(location, target);
    if (next.origin !== target.origin)
      throw unreadable(`${shownUrl(url)} redirects to another host, which is not followed`);
    target = next;
  }
  throw unreadable(`${shownUrl(url)} redirects in circles`);
}

async function read(response: Response, { url, etag }: DownloadRequest): Promise<Download> {
  const { headers, status } = response;
  if (status === 200) {
    const bytes = await cappedBytes(response, url);
    if (bytes.length === 0) throw unreadable(`${shownUrl(url)} sent nothing`);
    const isLongPoll = headers.get('content-type') === LONG_POLL_TYPE;
    return { bytes, etag: headers.get('etag') ?? undefined, isLongPoll };
  }
  // A body that nobody reads holds its connection until the garbage collector comes by.
  await response.body?.cancel();
  if (status === 304 && etag !== undefined) return { bytes: undefined, etag, isLongPoll: undefined };
  throw unreadable(`${shownUrl(url)} answered ${status}`);
}

async function cappedBytes(response: Response, url: string): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > MAX_BYTES) throw unreadable(`${shownUrl(url)} sent over 16 MiB`);
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

/** `fetch failed` says nothing; its cause does. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return 'unknown error';
  const { code } = cause as { readonly code?: unknown };
  return typeof code === 'string' ? code : cause.message.slice(0, 200);
}

function unreadable(message: string, cause?: unknown): BundleError {
  return new BundleError('bundle_unreadable', `${message}. Correct policy.bundle, or the server.`, { cause });
}
