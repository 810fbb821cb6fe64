import { readFile } from 'node:fs/promises';

const MAX_BYTES = 512 * 1024;
const TIMEOUT_MS = 5000;

/**
 * Fetches the text of a JWKS: no redirects, a size cap, a time limit (threats J22). It judges nothing; key-set.ts does.
 * @throws Error whose message says what to look at, without the body
 */
export async function fetchJwks(source: { readonly uri: string } | { readonly file: string }): Promise<string> {
  if ('file' in source) {
    const bytes = await readFile(source.file);
    if (bytes.length > MAX_BYTES) throw new Error(`${source.file} is over 512 KiB`);
    return bytes.toString('utf8');
  }
  const response = await fetch(source.uri, {
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
    headers: { accept: 'application/jwk-set+json, application/json' },
  });
  if (!response.ok) {
    // A body that nobody reads holds its connection until the garbage collector comes by.
    await response.body?.cancel();
    throw new Error(`${source.uri} answered ${response.status}`);
  }
  return readCapped(response, source.uri);
}

/** Leaving the loop early cancels the body, and with it the connection. */
async function readCapped(response: Response, uri: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > MAX_BYTES) throw new Error(`${uri} sent over 512 KiB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
