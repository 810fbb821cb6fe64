import { createHash } from 'node:crypto';
import { compactVerify, decodeProtectedHeader } from 'jose';
import { parseStrictJson } from '../strict-json.ts';
import { BundleError } from './bundle-error.ts';
import type { BundleFiles } from './bundle-files.ts';
import { signedForm } from './signed-form.ts';
import type { SigningKey } from './signing-key.ts';

/** Whose bundles are accepted. */
export interface BundleTrust {
  /** By key id. Where there is one, an unsigned bundle is refused. */
  readonly keys: ReadonlyMap<string, SigningKey>;
  /** The `scope` that the signature must state; `""` is none. */
  readonly scope: string;
}

const SIGNATURES = '.signatures.json';
const HASHES: Readonly<Record<string, string>> = { 'SHA-256': 'sha256', 'SHA-384': 'sha384', 'SHA-512': 'sha512' };
const LIMITS = { depth: 8, members: 100_000, values: 200_000 };
const SIGN = 'Sign it with `opa build --bundle --signing-key` or `opa sign --bundle`.';

/**
 * Verifies the signature of a bundle as OPA makes it, before anything else of the bundle is read: one JWT over the names
 * and hashes of all its files. Keys, algorithms and scope are the configuration's, so that nothing in a bundle, and
 * nothing left out of it, can turn this off (threats P10).
 * @returns what was signed, as a digest: two archives with the same signed files have the same one
 * @see https://www.openpolicyagent.org/docs/management-bundles#signing
 * @throws BundleError `bundle_unsigned`, `bundle_signature_invalid`, `bundle_scope`
 */
export async function verifySignature({ files }: BundleFiles, { keys, scope }: BundleTrust): Promise<string> {
  const token = tokenOf(files);
  const { kid, key } = keyFor(token, keys);
  let payload: Uint8Array;
  try {
    ({ payload } = await compactVerify(token, key.key, { algorithms: [key.algorithm] }));
  } catch (cause) {
    throw invalid(`its signature is not one of the key ${kid} by ${key.algorithm}`, cause);
  }
  const signed = readPayload(Buffer.from(payload).toString());
  if (signed.scope !== scope) {
    const wanted = scope === '' ? 'none' : `"${scope}"`;
    throw new BundleError(
      'bundle_scope',
      `it is not signed for the scope of policy.scope, which is ${wanted}. Sign it with that scope, or correct policy.scope.`,
    );
  }
  requireFiles(files, signed.hashes);
  // The signed part of the token: the signature itself could be another for the same files.
  return createHash('sha256')
    .update(token.split('.')[1] ?? '')
    .digest('hex');
}

function tokenOf(files: BundleFiles['files']): string {
  const file = files.get(SIGNATURES);
  if (file === undefined) {
    throw new BundleError('bundle_unsigned', `it holds no ${SIGNATURES}, and policy.keys demands a signature. ${SIGN}`);
  }
  const { signatures, plugin } = jsonObject(Buffer.from(file).toString(), SIGNATURES);
  if (plugin !== undefined && plugin !== '' && plugin !== '_default') {
    throw invalid(`${SIGNATURES} is for a plugin of OPA, which is not known here`);
  }
  if (!Array.isArray(signatures) || signatures.length === 0) {
    throw new BundleError('bundle_unsigned', `${SIGNATURES} holds no signature, and policy.keys demands one. ${SIGN}`);
  }
  const [token] = signatures as readonly unknown[];
  if (signatures.length > 1 || typeof token !== 'string') throw invalid(`${SIGNATURES} must hold exactly one JWT`);
  return token;
}

/** The header's `kid`, else the claim `keyid` as OPA once wrote it; a token that names none is of the one key there is. */
function keyFor(token: string, keys: BundleTrust['keys']): { readonly kid: string; readonly key: SigningKey } {
  let kid: unknown;
  try {
    ({ kid } = decodeProtectedHeader(token));
    kid ||= jsonObject(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString(), 'the signature')['keyid'];
  } catch (cause) {
    throw invalid('its signature is no JWT', cause);
  }
  if (kid === undefined || kid === '') {
    const [only, second] = keys;
    if (only === undefined || second !== undefined)
      throw invalid('its signature names no key, and policy.keys has several');
    return { kid: only[0], key: only[1] };
  }
  const key = typeof kid === 'string' ? keys.get(kid) : undefined;
  if (typeof kid !== 'string' || key === undefined)
    throw invalid(`its signature names the key ${JSON.stringify(kid).slice(0, 100)}, which policy.keys does not have`);
  return { kid, key };
}

function readPayload(json: string): { readonly scope: string; readonly hashes: ReadonlyMap<string, Hash> } {
  const { files, scope = '' } = jsonObject(json, 'the signature');
  if (!Array.isArray(files) || typeof scope !== 'string') throw invalid('its signature does not list files');
  const hashes = files.map((file: unknown): [string, Hash] => {
    const { name, hash, algorithm } = (file ?? {}) as Readonly<Record<string, unknown>>;
    const known = typeof algorithm === 'string' && Object.hasOwn(HASHES, algorithm) ? HASHES[algorithm] : undefined;
    if (typeof name !== 'string' || typeof hash !== 'string' || known === undefined) {
      throw invalid(
        'its signature lists a file without name or hash, or by another algorithm than SHA-256, SHA-384 and SHA-512',
      );
    }
    return [name, { algorithm: known, value: hash.toLowerCase() }];
  });
  return { scope, hashes: new Map(hashes) };
}

interface Hash {
  readonly algorithm: string;
  readonly value: string;
}

/** Every file is listed, every listed file is there, and each is what was signed. */
function requireFiles(files: BundleFiles['files'], hashes: ReadonlyMap<string, Hash>): void {
  for (const [path, content] of files) {
    if (path === SIGNATURES) continue;
    const hash = hashes.get(path);
    if (hash === undefined)
      throw invalid(`${JSON.stringify(path.slice(0, 100))} is not among the files that were signed`);
    if (!isSigned(path, content, hash)) throw invalid(`${path} is not the file that was signed`);
  }
  const missing = [...hashes.keys()].find((path) => !files.has(path));
  if (missing !== undefined) throw invalid(`${JSON.stringify(missing.slice(0, 100))} was signed and is missing`);
}

function isSigned(path: string, content: Uint8Array, { algorithm, value }: Hash): boolean {
  const digest = (bytes: Uint8Array | string): string => createHash(algorithm).update(bytes).digest('hex');
  if (!/(?:^|\/)(?:data\.json|\.manifest)$/.test(path)) return digest(content) === value;
  const json = Buffer.from(content).toString();
  // Written as it is signed, as `opa build` mostly does, it need not be taken apart: that would take its time.
  if (digest(json.trim()) === value) return true;
  try {
    return digest(signedForm(json)) === value;
  } catch {
    return false;
  }
}

function jsonObject(json: string, name: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = parseStrictJson(json, LIMITS);
  } catch (cause) {
    throw invalid(`${name} is not JSON that can be read in one way only`, cause);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(`${name} is no JSON object`);
  return value as Readonly<Record<string, unknown>>;
}

function invalid(problem: string, cause?: unknown): BundleError {
  return new BundleError(
    'bundle_signature_invalid',
    `${problem}. Get it from its publisher again, or correct policy.keys.`,
    { cause },
  );
}
