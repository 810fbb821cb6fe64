import { type LoadedConfig, loadConfig } from '../config/load.ts';
import { readPeerRules } from '../config/peer.ts';
import { shownPath } from '../config/problem.ts';
import type { Config } from '../config/schema.ts';
import { loadMatrix } from '../matrix/compile.ts';
import type { Matrix } from '../matrix/hop.ts';
import { readTrust } from '../policy/bundle-settings.ts';
import { loadPolicy } from '../policy/load.ts';
import type { Policy } from '../policy/policy.ts';
import { shownUrl } from '../policy/source/shown-url.ts';
import { type CommonOptions, type ExitCode, jsonLine, type Terminal } from './terminal.ts';

/**
 * Checks config, matrix, bundle and issuers against each other; starts nothing and asks nobody.
 * @throws ConfigError, BundleError, or an AggregateError of both
 */
export async function validate(options: CommonOptions, terminal: Terminal): Promise<ExitCode> {
  const loaded = loadConfig({ path: options.config, env: terminal.env, set: options.set ?? [], secrets: 'warn' });
  const { config } = loaded;
  const issuers = config.issuers.map(({ issuer }) => issuer);
  const [matrix, policy] = await Promise.allSettled([
    (async () => {
      const loaded = loadMatrix(config.matrix, { issuers });
      readPeerRules(config, loaded);
      return loaded;
    })(),
    policyOf(config),
  ]);
  if (matrix.status === 'rejected' || policy.status === 'rejected') {
    throw new AggregateError(
      [matrix, policy].flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : [])),
    );
  }
  const warnings = [...loaded.warnings, ...unusedIssuers(loaded, matrix.value)];
  const found = { options, loaded, warnings, matrix: matrix.value, policy: policy.value };
  terminal.out(options.json ? jsonLine(summary(found)) : inWords(found));
  if (!options.json) for (const warning of warnings) terminal.err(`behalf: warning: ${warning}\n`);
  return 0;
}

/** Nobody is asked: what a bundle server has, and whether it is signed, only shows in `serve`. */
async function policyOf({ policy }: Config): Promise<Pick<Policy, 'revision' | 'entrypoint'>> {
  const { bundle: path, entrypoint } = policy;
  if (isServed(path)) return { revision: 'not asked', entrypoint };
  return loadPolicy({ path, entrypoint, trust: readTrust(policy) });
}

function shownBundle(bundle: string): string {
  return isServed(bundle) ? shownUrl(bundle) : shownPath(bundle);
}

/** The query of a signed URL is a credential. */
function withoutQuery(bundle: string): string {
  return isServed(bundle) ? shownUrl(bundle) : bundle;
}

function isServed(bundle: string): boolean {
  return /^https?:/i.test(bundle);
}

interface Found {
  readonly options: CommonOptions;
  readonly loaded: LoadedConfig;
  readonly warnings: readonly string[];
  readonly matrix: Matrix;
  readonly policy: Pick<Policy, 'revision' | 'entrypoint'>;
}

function unusedIssuers({ config }: LoadedConfig, matrix: Matrix): readonly string[] {
  const used = new Set([...matrix.hops.values()].map(({ credential }) => credential.issuer));
  return config.issuers
    .filter(({ issuer }) => !used.has(issuer))
    .map(({ issuer }) => `issuer ${issuer}: no row accepts its tokens`);
}

function summary({ options, loaded, warnings, matrix, policy }: Found): Record<string, unknown> {
  const { shown } = loaded;
  return {
    ok: true,
    file: options.config,
    matrix: { revision: matrix.revision, rows: [...matrix.hops.keys()], agents: matrix.agents.map(({ name }) => name) },
    policy: { revision: policy.revision, entrypoint: policy.entrypoint },
    issuers: shown.issuers.map(({ issuer }) => issuer),
    // The whole config as it counts, so that nobody has to guess where a value came from (threats Y06).
    effective: { ...shown, policy: { ...shown.policy, bundle: withoutQuery(shown.policy.bundle) } },
    overrides: loaded.overrides,
    warnings,
  };
}

function inWords({ options, loaded: { config, overrides }, matrix, policy }: Found): string {
  const issuers = config.issuers.map(({ issuer }) => issuer).join(', ');
  return [
    `${options.config} is valid`,
    `  matrix   ${shownPath(config.matrix)} at ${matrix.revision}: ${amount(matrix.hops.size, 'row')}, ${amount(matrix.agents.length, 'agent')}`,
    `  policy   ${shownBundle(config.policy.bundle)} at ${policy.revision}: ${policy.entrypoint}`,
    `  issuers  ${issuers === '' ? 'none' : issuers}`,
    ...overrides.map(({ key, from }) => `  ${key} is set by ${from}`),
    '',
  ].join('\n');
}

function amount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
