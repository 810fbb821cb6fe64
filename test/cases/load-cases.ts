import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ConfigError } from '../../src/config/problem.ts';
import { checkShape } from '../../src/config/shape.ts';
import { readStrictYaml } from '../../src/config/strict-yaml.ts';
import { type Case, casesSchema } from './case-schema.ts';

export interface Theme {
  /** The file, without its ending. */
  readonly name: string;
  readonly cases: readonly Case[];
}

const FOLDER = fileURLToPath(new URL('./', import.meta.url));
const OTHERS = /^(?:matrix(?:\.[a-z]+)?|at-the-port)\.yaml$/;

/** Reads every file of cases. @throws ConfigError with every problem and its place */
export function loadCases(): readonly Theme[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith('.yaml') && !OTHERS.test(file))
    .sort()
    .map((file) => ({ name: file.replace(/\.yaml$/, ''), cases: readCases(`${FOLDER}${file}`) }));
}

function readCases(path: string): readonly Case[] {
  const { value, where } = readStrictYaml(path);
  const shape = checkShape(casesSchema, value, { where, later: [] });
  if ('problems' in shape) throw new ConfigError(shape.problems);
  return shape.data.cases;
}
