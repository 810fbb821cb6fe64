import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileReason, shownPath } from '../config/problem.ts';
import { BundleError } from '../policy/bundle.ts';
import { StartError } from './failure.ts';
import { runOpa } from './opa.ts';
import { requireFolder } from './policy-folder.ts';
import { opaProblems } from './policy-opa-problems.ts';
import { CAPABILITIES } from './policy-shipped.ts';

export interface Signing {
  /** A private key in PEM. */
  readonly key: string;
  /** Verified here, and signed with by OPA. */
  readonly algorithm: 'ES256' | 'RS256' | 'EdDSA';
  readonly keyId?: string | undefined;
  readonly scope?: string | undefined;
}

export interface RegoSource {
  readonly folder: string;
  readonly entrypoint: string;
  readonly revision?: string | undefined;
  readonly signing?: Signing | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Compiles a folder of Rego to a bundle, with the builtins that exist here and no others. OPA runs inside the folder and
 * writes no times, owners or absolute paths: the same Rego becomes the same bytes. Rules that are annotated with
 * `entrypoint: true`, such as `system.log.mask`, become entrypoints too.
 * @returns the bytes of `bundle.tar.gz`
 * @throws AggregateError of a BundleError for each fault, with `file:line`; StartError where there is no OPA or no folder
 */
export async function compileRego({ folder, entrypoint, revision, signing, env }: RegoSource): Promise<Uint8Array> {
  requireFolder(folder);
  const temporary = mkdtempSync(join(tmpdir(), 'behalf-policy-'));
  try {
    const output = join(temporary, 'bundle.tar.gz');
    const target = ['--target', 'wasm', '--entrypoint', entrypoint, '--capabilities', CAPABILITIES];
    const revised = revision === undefined ? [] : ['--revision', revision];
    const signed = signing === undefined ? [] : signingArguments(signing, join(temporary, 'claims.json'));
    const options = [...target, ...revised, ...signed, '--ignore', '*_test.rego', '--output', output];
    const { code, stdout, stderr } = await runOpa(['build', ...options, '--bundle', '.'], { cwd: folder, env });
    if (code === 0) return readFileSync(output);
    throw compileFailure(stderr || stdout, folder);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

function compileFailure(said: string, folder: string): AggregateError {
  const problems = opaProblems(said, folder).map(({ where, message }) => {
    const place = where === undefined ? shownPath(folder) : where;
    return new BundleError('bundle_invalid', `${place}: ${message}`);
  });
  return new AggregateError(problems, `${shownPath(folder)} does not compile`);
}

/** OPA takes what is no file for a secret, so that a missing key must be found first. */
function signingArguments({ key, algorithm, keyId, scope }: Signing, claims: string): readonly string[] {
  requireKey(key);
  const named = { ...(keyId !== undefined && { keyid: keyId }), ...(scope !== undefined && { scope }) };
  const base = ['--signing-key', resolve(key), '--signing-alg', algorithm];
  if (Object.keys(named).length === 0) return base;
  writeFileSync(claims, JSON.stringify(named));
  return [...base, '--claims-file', claims];
}

function requireKey(path: string): void {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new StartError(`--signing-key ${path} cannot be read: ${fileReason(error)}`, { cause: error });
  }
  if (/-----BEGIN (?:EC |RSA )?PRIVATE KEY-----/.test(text)) return;
  throw new StartError(`--signing-key ${path} is no private key in PEM; make one with \`openssl genpkey\``);
}
