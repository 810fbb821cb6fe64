import { createHash, randomUUID } from 'node:crypto';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { fileReason, shownPath } from '../config/problem.ts';
import { readBundle } from '../policy/bundle.ts';
import { compilePolicy } from '../policy/wasm.ts';
import { StartError } from './failure.ts';
import { OPA_VERSION, runOpa } from './opa.ts';
import { compileRego, type Signing } from './policy-compile.ts';
import { type ExitCode, jsonLine, type Terminal } from './terminal.ts';

export interface BuildOptions {
  readonly out: string;
  readonly entrypoint: string;
  readonly revision?: string;
  readonly signingKey?: string;
  readonly signingAlg: Signing['algorithm'];
  readonly keyId?: string;
  readonly scope?: string;
  readonly json?: boolean;
}

/**
 * Builds the bundle of a folder of Rego. It is loaded as `serve` would before it is written, and what stood there stays
 * until it is whole.
 * @throws AggregateError of BundleErrors where it does not compile; BundleError where it does not load
 */
export async function build(folder: string, options: BuildOptions, terminal: Terminal): Promise<ExitCode> {
  await warnOfVersion(terminal);
  const { out, entrypoint, revision } = options;
  const signing = signingOf(options);
  const bytes = await compileRego({ folder, entrypoint, revision, signing, env: terminal.env });
  const bundle = readBundle(bytes);
  for (const name of new Set([entrypoint, ...bundle.entrypoints])) await compilePolicy({ bundle, entrypoint: name });
  writeWhole(bytes, out);
  const built = {
    path: out,
    revision: bundle.revision,
    size: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    entrypoints: bundle.entrypoints,
    signed: signing === undefined ? null : signing.algorithm,
  };
  terminal.out(options.json === true ? jsonLine({ ok: true, ...built }) : inWords(built));
  return 0;
}

function signingOf({ signingKey, signingAlg, keyId, scope }: BuildOptions): Signing | undefined {
  if (signingKey !== undefined) return { key: signingKey, algorithm: signingAlg, keyId, scope };
  if (keyId === undefined && scope === undefined) return undefined;
  throw new StartError('--key-id and --scope are for a signature; add --signing-key FILE');
}

/** Another version of OPA compiles other bytes, and other builtins into them. */
async function warnOfVersion({ env, err }: Terminal): Promise<void> {
  const { stdout } = await runOpa(['version'], { cwd: '.', env });
  const version = /^Version: (\S+)/m.exec(stdout)?.[1] ?? 'of no version';
  if (version !== OPA_VERSION)
    err(`behalf: this is OPA ${version}; what is built here is tested with ${OPA_VERSION}\n`);
}

/** Beside its place first: whoever watches the file must never read half of it. */
function writeWhole(bytes: Uint8Array, path: string): void {
  const beside = `${path}.${randomUUID().slice(0, 8)}.tmp`;
  try {
    writeFileSync(beside, bytes);
    renameSync(beside, path);
  } catch (error) {
    rmSync(beside, { force: true });
    throw new StartError(`--out ${path} cannot be written: ${fileReason(error)}`, { cause: error });
  }
}

interface Built {
  readonly path: string;
  readonly revision: string;
  readonly size: number;
  readonly sha256: string;
  readonly entrypoints: readonly string[];
  readonly signed: string | null;
}

function inWords({ path, revision, size, sha256, entrypoints, signed }: Built): string {
  const rows = [
    ['bundle', shownPath(path)],
    ['revision', revision],
    ['size', `${size} bytes`],
    ['sha256', sha256],
    ['entrypoints', entrypoints.join(', ')],
    ['signed', signed ?? 'no (--signing-key FILE)'],
  ];
  return rows.map(([name = '', value]) => `${name.padEnd(12)} ${value}\n`).join('');
}
