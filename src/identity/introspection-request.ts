import { cappedBody } from './capped-body.ts';

/** How an issuer is asked about its tokens (RFC 7662 §2.1). */
export interface IntrospectionConfig {
  readonly uri: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

const MAX_BYTES = 64 * 1024;
/** The answer to Envoy is due within 150 ms (design §2). */
const TIMEOUT_MS = 100;

/**
 * Asks an issuer about a token, and hands back the text of the answer. It judges nothing; introspection.ts does. No
 * redirects, a size cap, a time limit.
 * @throws Error whose message holds neither token nor secret
 */
export async function requestIntrospection(
  { uri, clientId, clientSecret }: IntrospectionConfig,
  token: string,
  timeoutMs = TIMEOUT_MS,
): Promise<string> {
  const response = await fetch(uri, {
    method: 'POST',
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
    headers: {
      accept: 'application/json',
      // RFC 6749 §2.3.1: both are form-encoded before they are joined.
      authorization: `Basic ${Buffer.from(`${formEncoded(clientId)}:${formEncoded(clientSecret)}`).toString('base64')}`,
    },
    body: new URLSearchParams({ token, token_type_hint: 'access_token' }),
  });
  if (response.status === 200 && /^application\/json(?:;|$)/i.test(response.headers.get('content-type') ?? '')) {
    return cappedBody(response, MAX_BYTES, uri);
  }
  await response.body?.cancel();
  throw new Error(`${uri} answered ${response.status}, or not in JSON`);
}

function formEncoded(text: string): string {
  return new URLSearchParams([['', text]]).toString().slice(1);
}
