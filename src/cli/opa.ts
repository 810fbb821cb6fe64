import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { StartError } from './failure.ts';

/** The version that our bundles are built with, and that the builtin table and the divergences are about. */
export const OPA_VERSION = '1.22.2';

/** What one run of OPA left behind. */
export interface OpaRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs OPA, which compiles and formats Rego and is never asked to decide.
 * @param options.cwd where it runs, so that no path outside gets into what it writes
 * @returns what it said, whatever its exit code
 * @throws StartError where OPA is not here: it says how to get it
 */
export function runOpa(
  args: readonly string[],
  options: {
    readonly cwd: string;
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly stdin?: string;
  },
): Promise<OpaRun> {
  const path = findOpa(options.env);
  return new Promise((resolve, reject) => {
    const child = spawn(path, args, { cwd: options.cwd, stdio: 'pipe' });
    const [out, err]: [Buffer[], Buffer[]] = [[], []];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.on('error', (cause) => reject(new StartError(`${path} does not start: ${cause.message}`, { cause })));
    child.on('close', (code) =>
      resolve({ code: code ?? 1, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() }),
    );
    child.stdin.on('error', () => {});
    child.stdin.end(options.stdin ?? '');
  });
}

/** `OPA_BIN`, else `opa` on PATH, else where `npm run tools opa` puts it in a checkout. */
function findOpa(env: Readonly<Record<string, string | undefined>>): string {
  const { OPA_BIN: stated = '' } = env;
  if (stated !== '') {
    if (isExecutable(stated)) return stated;
    throw new StartError(`OPA_BIN is "${stated}", which cannot be executed. Correct it or unset it.`);
  }
  const cache = env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  const folders = [...(env['PATH'] ?? '').split(delimiter), join(cache, 'behalf', `opa-${OPA_VERSION}`)];
  const found = folders
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, 'opa'))
    .find(isExecutable);
  if (found !== undefined) return found;
  throw new StartError(
    `There is no OPA here, which compiles Rego. Install OPA ${OPA_VERSION} on PATH, or set OPA_BIN; in the checkout: npm run tools opa.`,
  );
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
