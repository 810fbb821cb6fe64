import { readFileSync } from 'node:fs';
import { ConfigError, fileReason, shownPath } from '../config/problem.ts';
import { checkShape } from '../config/shape.ts';
import { readStrictYaml } from '../config/strict-yaml.ts';
import type { PolicyInput } from '../policy/input.ts';
import { inputSchema } from '../policy-suite/input-schema.ts';

/** An input, and where it came from. */
export interface Fixture {
  /** The file, as the author would type it. */
  readonly shown: string;
  readonly input: PolicyInput;
}

/**
 * Reads a policy input from a file of YAML or JSON, or from stdin. It must be whole: a member that no Check leaves out
 * must not be left out here, or a rule is tried with something that it never meets.
 * @param path `-` for stdin
 * @throws ConfigError with every fault and its place
 */
export function readFixture(path: string): Fixture {
  const shown = path === '-' ? 'stdin' : shownPath(path);
  const { value, where } = path === '-' ? readStrictYaml(shown, readStdin()) : readStrictYaml(path);
  refuseWrapped(value, shown);
  const read = checkShape(inputSchema, value, { where, later: [] });
  if ('data' in read) return { shown, input: read.data };
  const hint = { where: shown, message: 'it must be a whole input, as docs/policy-input.md shows it' };
  throw new ConfigError([...read.problems, hint]);
}

function readStdin(): Buffer {
  try {
    return readFileSync(0);
  } catch (error) {
    throw new ConfigError([{ where: 'stdin', message: `cannot be read: ${fileReason(error)}; name a file with -i` }], {
      cause: error,
    });
  }
}

/** The two things that are taken for an input most often. */
function refuseWrapped(value: unknown, where: string): void {
  if (typeof value !== 'object' || value === null || !('input' in value)) return;
  const message =
    'decision_id' in value
      ? 'this is a decision record, not an input; use --decision ID --records FILE'
      : 'the input is one level too deep; leave out the key "input" around it';
  throw new ConfigError([{ where, message }]);
}
