/**
 * Reads the body of a response up to a size (threats J22). Leaving the loop early cancels the body, and with it the
 * connection.
 * @param name whose answer it is, for the message
 * @throws Error where it is longer
 */
export async function cappedBody(response: Response, maxBytes: number, name: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > maxBytes) throw new Error(`${name} sent over ${maxBytes / 1024} KiB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
