import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { loadConfig } from '../config/load.ts';
import { shownPath } from '../config/problem.ts';
import { readBundle } from '../policy/bundle.ts';
import { readTrust } from '../policy/bundle-settings.ts';
import { loadPolicy } from '../policy/load.ts';
import type { Policy } from '../policy/policy.ts';
import { compilePolicy } from '../policy/wasm.ts';
import { StartError } from './failure.ts';
import { compileRego } from './policy-compile.ts';
import type { Terminal } from './terminal.ts';

/** Which policy is meant. */
export interface PolicyOptions {
  /** A `bundle.tar.gz`, or a folder: of Rego, which is compiled, or of an unpacked bundle. */
  readonly bundle?: string;
  readonly config?: string;
  readonly set?: readonly string[];
  readonly entrypoint?: string;
  readonly json?: boolean;
}

export interface OpenPolicy {
  readonly policy: Policy;
  /** The bundle or the folder, as the author would type it. */
  readonly shown: string;
}

/** The rule that decides where nothing names another one. */
const DECISION = 'behalf/authz/decision';

/**
 * Opens the policy that an author means: what `--bundle` names, else what the configuration names. It is loaded as `serve`
 * loads it.
 * @throws BundleError, ConfigError, StartError
 */
export async function openPolicy(options: PolicyOptions, { env, err }: Terminal): Promise<OpenPolicy> {
  const { bundle, entrypoint } = options;
  if (bundle !== undefined) return await openNamed(bundle, entrypoint ?? DECISION, env);
  const path = options.config ?? env['BEHALF_CONFIG'] ?? 'behalf.yaml';
  if (options.config === undefined && env['BEHALF_CONFIG'] === undefined && !existsSync(path)) {
    throw new StartError(
      'no policy is named: add --bundle (a bundle.tar.gz, or a folder of Rego) or --config behalf.yaml',
    );
  }
  const { config } = loadConfig({ path, env, set: options.set ?? [], secrets: 'warn' });
  const { bundle: location, budget, entrypoint: decides } = config.policy;
  if (/^https?:/i.test(location)) {
    throw new StartError(
      'policy.bundle comes from a server, which is not asked here; download it and name it with --bundle',
    );
  }
  err(`behalf: the policy is the one of ${shownPath(path)}\n`);
  const trust = readTrust(config.policy);
  const policy = await loadPolicy({ path: location, entrypoint: entrypoint ?? decides, budget, trust });
  return { policy, shown: shownPath(location) };
}

async function openNamed(path: string, entrypoint: string, env: Terminal['env']): Promise<OpenPolicy> {
  const shown = shownPath(path);
  if (!isRego(path)) return { policy: await loadPolicy({ path, entrypoint }), shown };
  const bundle = readBundle(await compileRego({ folder: path, entrypoint, env }));
  const policy: Policy = Object.assign(await compilePolicy({ bundle, entrypoint }), { bundle });
  return { policy, shown: shown === '.' ? resolve(path) : shown };
}

/** A folder in which nothing is compiled yet. */
function isRego(path: string): boolean {
  return (statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false) && !existsSync(join(path, 'policy.wasm'));
}
