import { readdirSync } from 'node:fs';
import { join, sep } from 'node:path';
import { ConfigError, fileReason, type Problem, shownPath } from '../config/problem.ts';
import { checkShape } from '../config/shape.ts';
import { readStrictYaml } from '../config/strict-yaml.ts';
import { expandSuite } from './expand-suite.ts';
import type { Cell } from './suite.ts';
import { suiteSchema } from './suite-schema.ts';

const SUITE = /(?:_suite|(?:^|\/)suites\/[^/]+)\.ya?ml$/;
const SKIPPED = /(?:^|\/)(?:node_modules|\.[^/]+)(?:\/|$)/;

/**
 * Reads every suite below a folder: `*_suite.yaml`, and what lies in a folder `suites`.
 * @throws ConfigError with the problems of all of them
 */
export function loadSuites(folder: string): readonly Cell[] {
  const problems: Problem[] = [];
  const cells = suitePaths(folder).flatMap((path) => {
    try {
      return cellsOf(path);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      problems.push(...error.problems);
      return [];
    }
  });
  if (problems.length > 0) throw new ConfigError(problems);
  return cells;
}

function suitePaths(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .map((path) => path.replaceAll(sep, '/'))
      .filter((path) => SUITE.test(path) && !SKIPPED.test(path))
      .sort()
      .map((path) => join(folder, path));
  } catch (error) {
    throw new ConfigError([{ where: shownPath(folder), message: `cannot be read: ${fileReason(error)}` }], {
      cause: error,
    });
  }
}

function cellsOf(path: string): readonly Cell[] {
  const { value, where } = readStrictYaml(path);
  const read = checkShape(suiteSchema, value, { where, later: [] });
  if ('problems' in read) throw new ConfigError(read.problems);
  return expandSuite(read.data, { file: shownPath(path), where });
}
