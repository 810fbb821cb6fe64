/** Makes policy bundles: the files of a real one with some changed, packed, and signed as OPA signs, by other code than ours. */
import { createHash, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import { CompactSign } from 'jose';
import { createTar, parseTar } from 'nanotar';

export type Files = Readonly<Record<string, string | Uint8Array>>;

const SHIPPED = new URL('../../policies/bundle.tar.gz', import.meta.url);

/** The files of a bundle on disk; the shipped one unless said otherwise. */
export function filesOf(url: URL = SHIPPED): Files {
  const files = parseTar(new Uint8Array(gunzipSync(readFileSync(url))));
  return Object.fromEntries(files.map(({ name, data }) => [name, data ?? '']));
}

/** The files with some replaced; `undefined` takes one out. */
export function changed(files: Files, changes: Readonly<Record<string, string | Uint8Array | undefined>>): Files {
  const all = Object.entries({ ...files, ...changes });
  return Object.fromEntries(all.filter((entry): entry is [string, string | Uint8Array] => entry[1] !== undefined));
}

/** Those that decide, which all lie at the top: a ConfigMap has no folders. */
export function flat(files: Files): Files {
  return Object.fromEntries(Object.entries(files).filter(([name]) => !name.endsWith('.rego')));
}

/** A manifest of the shipped policy. */
export function manifestOf(changes: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    roots: [''],
    wasm: [{ entrypoint: 'behalf/authz/decision', module: '/policy.wasm' }],
    ...changes,
  });
}

/** `bundle.tar.gz`, quick to make. */
export function packed(files: Files): Uint8Array<ArrayBuffer> {
  const tar = createTar(
    Object.entries(files).map(([name, data]) => ({ name, data })),
    { attrs: { mtime: 0 } },
  );
  // nanotar leaves no room for the end of an archive where its contents fill the last record.
  return new Uint8Array(gzipSync(Buffer.concat([tar, Buffer.alloc(1024)]), { level: 1 }));
}

export interface Signer {
  readonly key: KeyObject;
  readonly algorithm?: string;
  readonly kid?: string;
  /** Besides `files`. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

/** The files with `.signatures.json`. Whatever is JSON among them must be written as it is signed: no spaces, members in order. */
export async function signed(
  files: Files,
  { key, algorithm = 'ES256', kid = 'k1', claims = {} }: Signer,
): Promise<Files> {
  const listed = Object.entries(files).map(([name, content]) => ({
    name,
    hash: createHash('sha256')
      .update(/(?:data\.json|\.manifest)$/.test(name) ? String(Buffer.from(content)).trim() : content)
      .digest('hex'),
    algorithm: 'SHA-256',
  }));
  const payload = new TextEncoder().encode(JSON.stringify({ files: listed, ...claims }));
  const header = kid === '' ? { alg: algorithm } : { alg: algorithm, kid };
  const token = await new CompactSign(payload).setProtectedHeader(header).sign(key);
  return { ...files, '.signatures.json': JSON.stringify({ signatures: [token] }) };
}
