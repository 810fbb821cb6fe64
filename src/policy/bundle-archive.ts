import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { type ParsedTarFileItem, parseTar } from 'nanotar';
import { BundleError } from './bundle-error.ts';
import type { BundleFiles } from './bundle-files.ts';

/** Bytes after unpacking. A bundle is read into memory whole, so a small file that unpacks to gigabytes must not be. */
const MAX_UNPACKED = 64 * 1024 * 1024;
const BLOCK = 512;
const REBUILD = 'Build the bundle again with `opa build -t wasm`.';

/**
 * Unpacks `bundle.tar.gz` (threats P09, P10). What stands in it must be plain files with plain names, each once: no
 * link, no `..`, nothing that two readers of tar could take for different files.
 * @throws BundleError `bundle_corrupt`
 */
export function unpackBundle(bytes: Uint8Array): BundleFiles {
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const { name, type, data, size } of membersOf(bytes)) {
    if (type === 'directory') continue;
    const path = name.replace(/^\.\//, '');
    if (type !== 'file' || !(size >= 0) || files.has(path)) {
      throw new BundleError('bundle_corrupt', `${shown(path)} is there twice, or is no plain file. ${REBUILD}`);
    }
    files.set(path, new Uint8Array(data ?? []));
  }
  return { digest: createHash('sha256').update(bytes).digest('hex'), files };
}

function membersOf(bytes: Uint8Array): ParsedTarFileItem[] {
  try {
    // nanotar reads the whole underlying buffer, whatever view it is given: hand it one of its own.
    const tar = new Uint8Array(gunzipSync(bytes, { maxOutputLength: MAX_UNPACKED }));
    requirePlain(tar);
    return parseTar(tar);
  } catch (cause) {
    if (cause instanceof BundleError) throw cause;
    throw new BundleError('bundle_corrupt', `it is not a whole .tar.gz of at most 64 MiB. ${REBUILD}`, { cause });
  }
}

/** nanotar follows links, long names and `..` without a word, and checks no checksum: so everything but plain is refused. */
function requirePlain(tar: Uint8Array): void {
  let at = 0;
  while (at + BLOCK <= tar.length && tar[at] !== 0) {
    const header = tar.subarray(at, at + BLOCK);
    const name = textAt(header, 0, 100);
    const type = header[156] ?? 0;
    if (!isPlainName(name) || ![0x00, 0x30, 0x35].includes(type) || header[345] !== 0) {
      throw new BundleError('bundle_corrupt', `${shown(name)} is no plain file with a plain, short name. ${REBUILD}`);
    }
    if (!isIntact(header)) throw new RangeError('a header does not have its checksum');
    at += BLOCK + Math.ceil(octalAt(header, 124, 12) / BLOCK) * BLOCK;
  }
  // POSIX: two blocks of zeros end an archive. Something after them is another archive, and not for us alone.
  if (tar.length - at < 2 * BLOCK || tar.subarray(at).some((byte) => byte !== 0)) throw new RangeError('no end');
}

/** `/policy.wasm`, `./data.json`, `a/b.rego`, `a/`. */
function isPlainName(name: string): boolean {
  const parts = name
    .replace(/^(?:\.?\/)/, '')
    .replace(/\/$/, '')
    .split('/');
  return !/[\p{Cc}\\\ufffd]|^[A-Za-z]:/u.test(name) && (name === './' || !parts.some((part) => /^\.{0,2}$/.test(part)));
}

/** The checksum of a header is the sum of its bytes, with its own eight taken for spaces. */
function isIntact(header: Uint8Array): boolean {
  const sum = header.reduce((all, byte, index) => all + (index >= 148 && index < 156 ? 0x20 : byte), 0);
  return sum === octalAt(header, 148, 8);
}

function octalAt(header: Uint8Array, start: number, length: number): number {
  const digits = /^ *([0-7]+)[ \0]*$/.exec(Buffer.from(header.subarray(start, start + length)).toString('latin1'))?.[1];
  if (digits === undefined) throw new RangeError('a header holds a number that is none');
  return Number.parseInt(digits, 8);
}

function textAt(header: Uint8Array, start: number, length: number): string {
  const bytes = header.subarray(start, start + length);
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end === -1 ? bytes : bytes.subarray(0, end));
}

/** A name from the archive, safe to print. */
function shown(path: string): string {
  return JSON.stringify(path.slice(0, 100));
}
