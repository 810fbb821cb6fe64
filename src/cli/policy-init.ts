import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileReason, shownPath } from '../config/problem.ts';
import { StartError } from './failure.ts';
import { CAPABILITIES, INPUT_SCHEMA, LIBRARY, SUITE_SCHEMA } from './policy-shipped.ts';
import { FIXTURES, SUITE } from './policy-template-data.ts';
import { POLICY, POLICY_TEST } from './policy-template-rego.ts';
import { GIT_IGNORE, MANIFEST, README, REGAL, VSCODE } from './policy-template-settings.ts';
import { type ExitCode, jsonLine, type Terminal } from './terminal.ts';

/**
 * Makes a policy folder that passes its own tests: a starting rule with its tests, suite and fixtures, a copy of the
 * library, and what editors need. Asks nothing, and writes into no folder that holds something.
 * @throws StartError
 */
export function init(folder: string, { json }: { readonly json?: boolean }, terminal: Terminal): ExitCode {
  requireEmpty(folder);
  const files = { ...WRITTEN, ...copies() };
  for (const [path, text] of Object.entries(files)) write(join(folder, path), text);
  const paths = Object.keys(files).sort();
  terminal.out(
    json === true
      ? jsonLine({ ok: true, folder, files: paths })
      : paths.map((path) => `${shownPath(join(folder, path))}\n`).join(''),
  );
  const inside = folder === '.' ? '' : `cd ${folder} && `;
  terminal.err(`behalf: next: ${inside}behalf policy test\n`);
  return 0;
}

const WRITTEN: Readonly<Record<string, string>> = {
  'authz.rego': POLICY,
  'authz_test.rego': POLICY_TEST,
  'authz_suite.yaml': SUITE,
  ...Object.fromEntries(Object.entries(FIXTURES).map(([name, text]) => [`fixtures/${name}`, text])),
  '.manifest': MANIFEST,
  '.regal/config.yaml': REGAL,
  '.vscode/settings.json': VSCODE,
  '.gitignore': GIT_IGNORE,
  'README.md': README,
};

/** A copy, so that one folder is all that OPA, the editor and a reader need, and a change of ours is one of theirs first. */
function copies(): Readonly<Record<string, string>> {
  const library = readdirSync(LIBRARY)
    .filter((name) => name.endsWith('.rego'))
    .map((name) => [`lib/${name}`, join(LIBRARY, name)] as const);
  const all = [
    ...library,
    ['capabilities.json', CAPABILITIES],
    ['schema/policy-input.schema.json', INPUT_SCHEMA],
    ['schema/policy-suite.schema.json', SUITE_SCHEMA],
  ] as const;
  return Object.fromEntries(all.map(([path, from]) => [path, readFileSync(from, 'utf8')]));
}

function requireEmpty(folder: string): void {
  try {
    if (!existsSync(folder) || readdirSync(folder).length === 0) return;
  } catch (error) {
    throw new StartError(`${shownPath(folder)} cannot be used: ${fileReason(error)}; name a new folder`, {
      cause: error,
    });
  }
  throw new StartError(`${shownPath(folder)} is not empty, and nothing in it is overwritten; name a new folder`);
}

function write(path: string, text: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text, { flag: 'wx' });
  } catch (error) {
    throw new StartError(`${shownPath(path)} cannot be written: ${fileReason(error)}`, { cause: error });
  }
}
