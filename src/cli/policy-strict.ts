import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { shownPath } from '../config/problem.ts';
import { runOpa } from './opa.ts';
import type { Finding } from './policy-lint-finding.ts';
import { opaProblems } from './policy-opa-problems.ts';
import { CAPABILITIES, INPUT_SCHEMA } from './policy-shipped.ts';

interface OpaErrors {
  readonly errors?: readonly {
    readonly message: string;
    readonly code?: string;
    readonly location?: { readonly file: string; readonly row: number; readonly col: number };
  }[];
}

/**
 * Has OPA check a folder of Rego, tests included: strictly, with the builtins that exist here and no others, and with what
 * `input` holds, so that a misspelt member is an error and not undefined.
 * @throws StartError where there is no OPA
 */
export async function strictFindings(
  folder: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<readonly Finding[]> {
  const schema = existsSync(INPUT_SCHEMA) ? ['--schema', INPUT_SCHEMA] : [];
  const options = ['--strict', '--max-errors', '100', '--capabilities', CAPABILITIES, ...schema, '--format', 'json'];
  const { code, stdout, stderr } = await runOpa(['check', ...options, '--bundle', '.'], { cwd: folder, env });
  if (code === 0) return [];
  return errorsIn(stderr) ?? errorsIn(stdout) ?? opaProblems(stderr || stdout, folder).map(plain);

  function errorsIn(text: string): readonly Finding[] | undefined {
    const found = parsed(text)?.errors?.map(({ message, location }): Finding => {
      const place = location && `${shownPath(join(folder, location.file))}:${location.row}:${location.col}`;
      return { where: place ?? shownPath(folder), severity: 'error', rule: 'opa', message: withRemedy(message) };
    });
    return found === undefined || found.length === 0 ? undefined : found;
  }

  function plain({ where, message }: { readonly where: string | undefined; readonly message: string }): Finding {
    return { where: where ?? shownPath(folder), severity: 'error', rule: 'opa', message };
  }
}

function parsed(text: string): OpaErrors | undefined {
  try {
    return JSON.parse(text) as OpaErrors;
  } catch {
    return undefined;
  }
}

const REMEDIES: readonly (readonly [pattern: RegExp, remedy: string])[] = [
  [/^undefined function data\./, 'no file of this folder defines it: is lib/ missing? `behalf policy init` copies it'],
  [/^undefined function /, 'it does not exist here: docs/builtins.md says what to write instead'],
  [/^undefined ref: input/, 'input has no such member: see docs/policy-input.md'],
];

function withRemedy(message: string): string {
  const remedy = REMEDIES.find(([pattern]) => pattern.test(message))?.[1];
  return remedy === undefined ? message : `${message}; ${remedy}`;
}
