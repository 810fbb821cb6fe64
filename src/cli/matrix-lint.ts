import { shownPath } from '../config/problem.ts';
import type { Finding } from '../matrix/lint/finding.ts';
import { type MatrixOptions, type OpenMatrix, openMatrix } from './matrix-source.ts';
import { type ExitCode, jsonLine, type Terminal } from './terminal.ts';

/**
 * Lints a matrix.
 * @param file the matrix; the one of the config where it is left out
 * @returns 4 where an error was found
 * @throws ConfigError where it is not even valid
 */
export function lint(file: string | undefined, options: MatrixOptions, terminal: Terminal): ExitCode {
  const open = openMatrix(file, options, terminal, Date.now());
  const errors = open.findings.filter(({ severity }) => severity === 'error').length;
  const counts = { errors, warnings: open.findings.length - errors };
  const { path, matrix, findings } = open;
  const summary = { ok: errors === 0, file: shownPath(path), revision: matrix.revision, rows: matrix.hops.size };
  terminal.out(options.json === true ? jsonLine({ ...summary, ...counts, findings }) : inWords(open, counts));
  return errors === 0 ? 0 : 4;
}

function inWords({ path, matrix, findings }: OpenMatrix, counts: { errors: number; warnings: number }): string {
  const groups = Map.groupBy(findings, ({ hop }) => hop);
  const blocks = [...groups].map(([hop, found]) => `${hop ?? 'the matrix as a whole'}\n${found.map(line).join('')}\n`);
  const { errors, warnings } = counts;
  const rows = amount(matrix.hops.size, 'row');
  const verdict =
    errors + warnings === 0 ? 'nothing found' : `${amount(errors, 'error')}, ${amount(warnings, 'warning')}`;
  return `${blocks.join('')}${shownPath(path)} at ${matrix.revision}: ${rows}, ${verdict}\n`;
}

function line({ where, severity, rule, message }: Finding): string {
  return `  ${where}: ${severity} ${rule}: ${message}\n`;
}

function amount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
