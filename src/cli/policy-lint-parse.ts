import { readdirSync } from 'node:fs';
import { join, sep } from 'node:path';
import { shownPath } from '../config/problem.ts';
import { runOpa } from './opa.ts';
import type { Module } from './policy-lint-ast.ts';

/** Not Rego that a bundle is built from: tests say what must not be, on purpose. */
const LEFT_OUT = /_test\.rego$|(?:^|\/)(?:node_modules|\.[^/]*)\//;

/**
 * Parses the Rego of a folder, as OPA does. What does not parse is left out: `opa check` has said why.
 * @throws StartError where there is no OPA
 */
export async function parseRego(
  folder: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<readonly Module[]> {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll(sep, '/'))
    .filter((path) => path.endsWith('.rego') && !LEFT_OUT.test(path))
    .sort();
  const parsed = await Promise.all(
    paths.map(async (path) => {
      const args = ['parse', '--format', 'json', '--json-include', 'locations', path];
      const { code, stdout } = await runOpa(args, { cwd: folder, env });
      if (code !== 0) return undefined;
      return { ...(JSON.parse(stdout) as Omit<Module, 'file'>), file: shownPath(join(folder, path)) };
    }),
  );
  return parsed.filter((module) => module !== undefined);
}
