import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { shownPath } from '../config/problem.ts';
import { BundleError, readBundle } from '../policy/bundle.ts';
import { DEFAULT_BUDGET, type Policy } from '../policy/policy.ts';
import { compilePolicy } from '../policy/wasm.ts';
import { runOpa } from './opa.ts';
import { opaProblems } from './policy-opa-problems.ts';
import { halve } from './policy-test-halve.ts';

export interface BuildOptions {
  readonly folder: string;
  /** For example `behalf/authz/decision` and `behalf/authz_test/test_x`. */
  readonly entrypoints: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** One rule, ready to be asked in the runtime, or why it cannot be. */
export type Built = Policy | BundleError;

/** A test asks the policy many times in one evaluation, so it may take as much longer. */
const TEST_BUDGET = 100 * DEFAULT_BUDGET;

/**
 * Compiles a folder of Rego to one WASM module, as `opa build -t wasm` does for production, with each of these rules as
 * an entrypoint, and loads it as `serve` does. Where that fails, finds out which rules it fails for.
 */
export async function buildEntrypoints({
  folder,
  entrypoints,
  env,
}: BuildOptions): Promise<ReadonlyMap<string, Built>> {
  const attempts = await halve(entrypoints, (some) => load(folder, some, env));
  return new Map(
    attempts.flatMap((attempt): readonly (readonly [string, Built])[] => {
      if ('result' in attempt) return [...attempt.result];
      if (!(attempt.error instanceof BundleError)) throw attempt.error;
      return [[attempt.items[0], attempt.error]];
    }),
  );
}

/**
 * The same for rules that are only guessed to be there, so that it can begin before OPA has listed them.
 * @returns nothing where that fails, for whatever reason: `buildEntrypoints` finds out
 */
export async function buildGuess({ folder, entrypoints, env }: BuildOptions): Promise<ReadonlyMap<string, Policy>> {
  if (entrypoints.length === 0) return new Map();
  return await load(folder, entrypoints, env).catch(() => new Map<string, Policy>());
}

async function load(
  folder: string,
  entrypoints: readonly string[],
  env: BuildOptions['env'],
): Promise<ReadonlyMap<string, Policy>> {
  const bundle = readBundle(await build(folder, entrypoints, env));
  const policies = new Map<string, Policy>();
  for (const entrypoint of entrypoints) {
    const budget = /\/test_[^/]*$/.test(entrypoint) ? TEST_BUDGET : DEFAULT_BUDGET;
    policies.set(entrypoint, await compilePolicy({ bundle, entrypoint, budget }));
  }
  return policies;
}

async function build(folder: string, entrypoints: readonly string[], env: BuildOptions['env']): Promise<Uint8Array> {
  const temporary = mkdtempSync(join(tmpdir(), 'behalf-policy-test-'));
  try {
    const output = join(temporary, 'bundle.tar.gz');
    // Unpruned, a function that only a test calls fails the build: its entrypoint would be the whole package (opa#4411).
    const options = ['--target', 'wasm', '--prune-unused', '--output', output, '--bundle', '.'];
    const chosen = entrypoints.flatMap((entrypoint) => ['--entrypoint', entrypoint]);
    const { code, stdout, stderr } = await runOpa(['build', ...chosen, ...options], { cwd: folder, env });
    if (code === 0) return readFileSync(output);
    const problems = opaProblems(stderr || stdout, folder).map(
      ({ where = shownPath(folder), message }) => `${where}: ${message}`,
    );
    throw new BundleError('bundle_invalid', `it does not compile to WASM: ${problems.join('; ')}`);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}
