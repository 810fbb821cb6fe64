import { z } from 'zod';
import { applyOverrides, overrideAt, readOverrides } from './overrides.ts';
import { checkBundleFiles } from './peer.ts';
import { checkSigningKeys } from './policy-keys.ts';
import { ConfigError, type Problem } from './problem.ts';
import {
  absoluteSocket,
  checkKeyFiles,
  checkTlsFiles,
  type ResolveOptions,
  resolvePaths,
  resolveSecrets,
} from './resolve.ts';
import { type Config, configSchema, LATER_CONFIG_KEYS } from './schema.ts';
import { checkShape } from './shape.ts';
import { dotted, type KeyPath, readStrictYaml } from './strict-yaml.ts';
import { configWarnings } from './warnings.ts';

export interface LoadOptions {
  /** behalf.yaml. */
  readonly path: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `KEY=VALUE` texts of the `--set` flag. */
  readonly set?: readonly string[];
  /** A secret that cannot be had is an error, unless `warn`: `validate` also runs where no secrets are. */
  readonly secrets?: 'demand' | 'warn';
}

export interface LoadedConfig {
  readonly config: Config;
  /** The same with references where secrets are, for people to see. */
  readonly shown: Config;
  /** What is insecure, or missing, and to be said aloud. */
  readonly warnings: readonly string[];
  /** Keys whose value is not the file's, and what set them. */
  readonly overrides: readonly { readonly key: string; readonly from: string }[];
}

/**
 * Reads behalf.yaml: flag before environment before file before default (design §5).
 * @throws ConfigError with every problem and its place
 */
export function loadConfig({ path, env, set = [], secrets = 'demand' }: LoadOptions): LoadedConfig {
  const overrides = readOverrides(env, set);
  const yaml = readStrictYaml(path);
  const where = (keys: KeyPath, at?: 'key' | 'value'): string =>
    overrideAt(overrides, keys)?.from ?? yaml.where(keys, at);
  const shape = checkShape(configSchema, applyOverrides(yaml.value, overrides), { where, later: LATER_CONFIG_KEYS });
  if ('problems' in shape) throw new ConfigError(shape.problems);
  const [problems, missing]: [Problem[], Problem[]] = [[], []];
  const optionsFor = (found: Problem[]): ResolveOptions => ({
    configPath: path,
    env,
    report: (keys, message) => found.push({ where: where(keys), message: `${dotted(keys)}: ${message}` }),
  });
  const located = resolvePaths(shape.data, optionsFor(problems));
  checkKeyFiles(located, optionsFor(problems).report);
  checkBundleFiles(located, optionsFor(problems).report);
  checkSigningKeys(located, optionsFor(problems).report);
  const config = resolveSecrets(located, optionsFor(secrets === 'warn' ? missing : problems));
  checkTlsFiles(config, optionsFor(secrets === 'warn' ? missing : problems).report);
  if (problems.length > 0) throw new ConfigError(problems);
  return {
    config,
    shown: located,
    warnings: [...configWarnings(config), ...missing.map((each) => `${each.where}: ${each.message}`)],
    overrides: overrides.map(({ keys, from }) => ({ key: dotted(keys), from })),
  };
}

/**
 * Finds where a running process listens, from the one section that says so: the rest of the config may be broken while
 * the process, which keeps its last good one, is well.
 * @throws ConfigError
 */
export function loadListen({ path, env, set = [] }: LoadOptions): Config['listen'] {
  const overrides = readOverrides(env, set);
  const yaml = readStrictYaml(path);
  const section = z.object({ listen: configSchema.shape.listen });
  const shape = checkShape(section, applyOverrides(yaml.value, overrides), {
    where: yaml.where,
    later: LATER_CONFIG_KEYS,
  });
  if ('problems' in shape) throw new ConfigError(shape.problems);
  return { ...shape.data.listen, check: absoluteSocket(shape.data.listen.check, path) };
}
