import { createHash } from 'node:crypto';
import { ConfigError } from '../config/problem.ts';
import { checkShape } from '../config/shape.ts';
import { dotted, readStrictYaml, type StrictYaml } from '../config/strict-yaml.ts';
import { checkReferences } from './references.ts';
import { LATER_MATRIX_KEYS, type MatrixFile, matrixSchema } from './schema.ts';

export interface ReadMatrixOptions {
  /** The issuers of behalf.yaml: each authority that issues tokens must be one of them. Not checked where left out. */
  readonly issuers?: readonly string[];
}

/** matrix.yaml as it was written, proven to contradict itself nowhere. */
export interface MatrixSource {
  readonly file: MatrixFile;
  /** The first 12 hex digits of the SHA-256 of its bytes. */
  readonly revision: string;
  /** `path:line:col` of a value, or of its key. */
  readonly where: StrictYaml['where'];
}

/**
 * Reads matrix.yaml.
 * @throws ConfigError with every problem and its place
 */
export function readMatrix(path: string, { issuers }: ReadMatrixOptions = {}): MatrixSource {
  const { value, where, bytes } = readStrictYaml(path);
  const shape = checkShape(matrixSchema, value, { where, later: LATER_MATRIX_KEYS });
  if ('problems' in shape) throw new ConfigError(shape.problems);
  const contradictions = checkReferences(shape.data, issuers);
  if (contradictions.length > 0) {
    throw new ConfigError(
      contradictions.map(({ keys, message }) => ({ where: where(keys), message: `${dotted(keys)}: ${message}` })),
    );
  }
  return { file: shape.data, revision: createHash('sha256').update(bytes).digest('hex').slice(0, 12), where };
}
