/**
 * `npm run check`: everything that judges the code without running it. Each step is a sentence; all of them run, so
 * that one look shows all that is wrong. Exit 4 where one failed.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { duration } from './run.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const BIN = 'node_modules';
const CANARY = 'test/canary/floating-promise.ts';
const OXLINT = [`${BIN}/oxlint/bin/oxlint`, '--type-aware', '--deny-warnings'];

/** @returns undefined where all is well, else what is wrong */
function node(args) {
  const { FORCE_COLOR: _, ...others } = process.env;
  const env = { ...others, NO_COLOR: '1' };
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8', env });
  return status === 0 ? undefined : `${stdout}${stderr}`.trim() || `${args[0]} ended with ${status}`;
}

/** The canary is wrong on purpose: the linter is blind where it finds nothing, or something else. */
function canary() {
  const said = node([...OXLINT, CANARY]);
  return said?.includes('no-floating-promises') ? undefined : (said ?? `${CANARY} passed the linter; it must not`);
}

const STEPS = {
  'The lockfile holds every platform': () => node(['scripts/complete-lockfile.js', '--check']),
  'No secret, machine path or registry address is in the tree': () => node(['scripts/check-hygiene.js']),
  'Links between pages lead somewhere': () => node(['scripts/check-links.js']),
  'Generated files are what their sources make': () => node(['scripts/generate.js', '--check']),
  'Types hold': () => node([`${BIN}/typescript/bin/tsc`, '-p', 'tsconfig.json']),
  'Format and imports are in order': () =>
    node([`${BIN}/@biomejs/biome/bin/biome`, 'ci', '--colors=off', '--error-on-warnings', '.']),
  'The linter has nothing to say': () => node([...OXLINT, '--ignore-pattern', 'test/canary/**']),
  'The linter sees a floating promise': canary,
  'No file, export or dependency is dead': () => node([`${BIN}/knip/bin/knip.js`]),
  // Exports that only tests and generators use are alive; the step before judges those.
  'The program needs no development dependency': () =>
    node([`${BIN}/knip/bin/knip.js`, '--production', '--strict', '--exclude', 'exports,types']),
  'Steps, files and functions keep to the structure': () =>
    node([`${BIN}/vitest/vitest.mjs`, 'run', '--project=unit', 'test/structure.test.ts']),
};

let failed = 0;
for (const [sentence, step] of Object.entries(STEPS)) {
  const started = performance.now();
  const wrong = step();
  failed += wrong === undefined ? 0 : 1;
  console.log(`${wrong === undefined ? 'ok  ' : 'FAIL'} ${sentence} (${duration(performance.now() - started)})`);
  if (wrong !== undefined) {
    console.log(wrong.replaceAll(/^/gm, '     '));
  }
}
console.log(failed === 0 ? '\nAll checks hold.' : `\n${failed} of ${Object.keys(STEPS).length} checks failed.`);
process.exitCode = failed === 0 ? 0 : 4;
