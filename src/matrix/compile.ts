import { compileMatrix } from './compile-matrix.ts';
import type { Matrix } from './hop.ts';
import { type ReadMatrixOptions, readMatrix } from './read-matrix.ts';

/** What is known beside the file. */
export type LoadMatrixOptions = ReadMatrixOptions;

/**
 * Reads matrix.yaml and resolves every reference in it, so that a Check looks nothing up.
 * @throws ConfigError with every problem and its place
 */
export function loadMatrix(path: string, options: LoadMatrixOptions = {}): Matrix {
  return compileMatrix(readMatrix(path, options));
}
