import { dotted, readStrictYaml } from '../config/strict-yaml.ts';
import { type Finding, lintEnvoy } from '../envoy/lint.ts';
import { loadMatrix } from '../matrix/compile.ts';
import { type ExitCode, jsonLine, type Terminal } from './terminal.ts';

export interface EnvoyLintOptions {
  readonly matrix?: string;
  readonly xfcc?: boolean;
  readonly json?: boolean;
}

/**
 * Looks for ways around the Check in an Envoy configuration: YAML or JSON, or the answer of /config_dump.
 * @returns 4 where there is an error; warnings alone are 0
 * @throws ConfigError where the file cannot be read
 */
export async function envoyLint(path: string, options: EnvoyLintOptions, terminal: Terminal): Promise<ExitCode> {
  const file = readStrictYaml(path);
  const matrix = options.matrix === undefined ? undefined : loadMatrix(options.matrix);
  const findings = lintEnvoy(file.value, { matrix, xfcc: options.xfcc === true });
  const placed = findings.map(({ keys, ...finding }) => ({ ...finding, where: file.where(keys), key: dotted(keys) }));
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  if (options.json) terminal.out(jsonLine({ ok: errors === 0, file: path, findings: placed }));
  else terminal.out([...placed.map(inWords), summary(path, findings.length, errors)].join(''));
  return errors === 0 ? 0 : 4;
}

function inWords({
  where,
  severity,
  rule,
  threat,
  about,
  danger,
  instead,
}: Omit<Finding, 'keys'> & { readonly where: string }): string {
  return `${where}: ${severity}: ${rule} (${threat}): ${about}: ${danger}\n    write instead: ${instead}\n`;
}

function summary(path: string, count: number, errors: number): string {
  if (count === 0) return `${path}: nothing found\n`;
  return `${path}: ${errors} ${errors === 1 ? 'error' : 'errors'}, ${count - errors} ${count - errors === 1 ? 'warning' : 'warnings'}\n`;
}
