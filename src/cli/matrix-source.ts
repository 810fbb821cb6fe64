import { loadConfig } from '../config/load.ts';
import { compileMatrix } from '../matrix/compile-matrix.ts';
import type { Matrix } from '../matrix/hop.ts';
import type { Finding, LintFacts } from '../matrix/lint/finding.ts';
import { lintMatrix } from '../matrix/lint/lint-matrix.ts';
import { type MatrixSource, readMatrix } from '../matrix/read-matrix.ts';
import type { Terminal } from './terminal.ts';

/** What the verbs that read a matrix have in common. */
export interface MatrixOptions {
  readonly config?: string;
  readonly set?: readonly string[];
  readonly json?: boolean;
}

/** A matrix with all that is known about it. */
export interface OpenMatrix {
  /** As the operator would type it. */
  readonly path: string;
  readonly source: MatrixSource;
  readonly matrix: Matrix;
  readonly facts: LintFacts;
  readonly findings: readonly Finding[];
}

/**
 * Reads and lints a matrix: the one that is named, or the one of the config. What only the config knows (issuers, the
 * store) is judged where there is one; of a file alone, a durable store is assumed, and that is said.
 * @param now milliseconds since the epoch
 * @throws ConfigError
 */
export function openMatrix(
  file: string | undefined,
  options: MatrixOptions,
  terminal: Terminal,
  now: number,
): OpenMatrix {
  const { env, err } = terminal;
  if (file !== undefined && options.config === undefined) {
    err(`behalf: ${file} is judged alone: issuers are not checked, and a durable store is assumed; add --config\n`);
    return opened(file, readMatrix(file), { now, isDurable: true });
  }
  const path = options.config ?? env['BEHALF_CONFIG'] ?? 'behalf.yaml';
  const { config } = loadConfig({ path, env, set: options.set ?? [], secrets: 'warn' });
  const matrix = file ?? config.matrix;
  const source = readMatrix(matrix, { issuers: config.issuers.map(({ issuer }) => issuer) });
  const jwtBundles = Object.keys(config.peer.jwtBundles);
  return opened(matrix, source, { now, isDurable: config.store !== 'memory:', jwtBundles });
}

function opened(path: string, source: MatrixSource, facts: LintFacts): OpenMatrix {
  const matrix = compileMatrix(source);
  return { path, source, matrix, facts, findings: lintMatrix(source, matrix, facts) };
}
