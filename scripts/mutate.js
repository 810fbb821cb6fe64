/**
 * `npm run mutate`: takes each guard of test/mutations.js out in turn and expects a red test. It works on copies in a
 * temporary folder, never on this tree. `--list` names the guards; `--only NAME` takes out those whose name holds NAME.
 * The last line is the sum: passed means killed. Exit 4 where a mutant survived, or the list is no longer true.
 */
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { MUTATIONS } from '../test/mutations.js';
import { duration } from './run.js';
import { formatTally } from './tally.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const VITEST = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
/** What unit tests read. */
const COPIED = 'bin src protos policies demo test scripts docs envoy examples schema package.json tsconfig.json'.split(
  ' ',
);
/** A mutant that hangs is killed by its test's time limit; vitest's cache stays in the copy. */
const CONFIG = `export default { cacheDir: '.cache', test: { include: ['src/**/*.test.ts', 'test/*.test.ts'], testTimeout: 5000 } };\n`;
const PARALLEL = 2;
const GIVE_UP_MS = 60_000;
/** All tests that are named, once, before anything is taken out. */
const GREEN_WITHIN_MS = 600_000;

const created = [];
process.on('exit', () => {
  for (const folder of created) {
    rmSync(folder, { recursive: true, force: true });
  }
});
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => process.exit(1));
}

function copyTree() {
  const folder = mkdtempSync(join(tmpdir(), 'behalf-mutate-'));
  created.push(folder);
  for (const name of COPIED) {
    cpSync(join(ROOT, name), join(folder, name), { recursive: true, filter: (path) => !path.endsWith('.run') });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'junction');
  writeFileSync(join(folder, 'vitest.config.js'), CONFIG);
  return folder;
}

/** Runs test files in a copy. @returns what failed, and whether any file could not even be loaded. */
async function test(folder, files, giveUpMs = GIVE_UP_MS) {
  const report = join(folder, 'report.json');
  rmSync(report, { force: true });
  const args = [VITEST, 'run', '--bail=1', '--reporter=json', `--outputFile=${report}`, ...files];
  const child = spawn(process.execPath, args, { cwd: folder, stdio: 'ignore' });
  const timer = setTimeout(() => child.kill('SIGKILL'), giveUpMs);
  await new Promise((resolve) => child.on('close', resolve));
  clearTimeout(timer);
  let results;
  try {
    results = JSON.parse(readFileSync(report, 'utf8')).testResults;
  } catch {
    return { red: undefined, broken: 'vitest left no report' };
  }
  const red = results.flatMap((file) => file.assertionResults).find(({ status }) => status === 'failed');
  const unloaded = results.find((file) => file.status === 'failed' && file.assertionResults.length === 0);
  return { red: red?.fullName, broken: unloaded?.message };
}

/** @returns {Promise<{killed: boolean, word: string, by: string}>} */
async function mutate(folder, { file, find, replace, tests }) {
  const path = join(folder, file);
  const text = readFileSync(path, 'utf8');
  const times = text.split(find).length - 1;
  if (times !== 1) {
    return { killed: false, word: 'STALE', by: `${file} holds its text ${times} times: correct test/mutations.js` };
  }
  writeFileSync(
    path,
    text.replace(find, () => replace),
  );
  const { red, broken } = await test(folder, tests);
  writeFileSync(path, text);
  if (red !== undefined) {
    return { killed: true, word: 'killed', by: red };
  }
  return broken === undefined
    ? { killed: false, word: 'SURVIVED', by: `no test of ${tests.join(', ')} turned red` }
    : { killed: false, word: 'BROKEN', by: `the mutant does not load: ${broken.split('\n')[0]}` };
}

/** Red tests prove nothing when they are red anyway. */
async function requireGreen(folder, mutations) {
  const files = [...new Set(mutations.flatMap(({ tests }) => tests))];
  const missing = files.filter((file) => !existsSync(join(folder, file)));
  if (missing.length > 0) {
    throw new Error(`test/mutations.js names tests that are not there: ${missing.join(', ')}`);
  }
  const { red, broken } = await test(folder, files, GREEN_WITHIN_MS);
  if (red !== undefined || broken !== undefined) {
    throw new Error(
      `tests are red before anything was taken out: ${red ?? broken}. Run \`npm test unit\` and mend them.`,
    );
  }
}

async function run(mutations) {
  const started = performance.now();
  const width = Math.max(...mutations.map(({ name }) => name.length));
  console.error(`Taking out ${mutations.length} guards, ${PARALLEL} at a time, in copies of the tree …`);
  const folders = Array.from({ length: Math.min(PARALLEL, mutations.length) }, copyTree);
  await requireGreen(folders[0], mutations);
  const waiting = [...mutations];
  const tally = { passed: 0, failed: 0, skipped: 0 };
  const work = async (folder) => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { killed, word, by } = await mutate(folder, next);
      tally[killed ? 'passed' : 'failed'] += 1;
      console.log(`${word.padEnd(9)}${next.name.padEnd(width + 2)}${next.threat.padEnd(10)}${by}`);
    }
  };
  await Promise.all(folders.map(work));
  console.error(`\n${mutations.length} guards in ${duration(performance.now() - started)}`);
  console.log(formatTally(tally));
  return tally.failed === 0 ? 0 : 4;
}

async function main() {
  const options = { only: { type: 'string', multiple: true }, list: { type: 'boolean' } };
  const { only, list } = parseArgs({ options }).values;
  const chosen = MUTATIONS.filter(({ name }) => only?.some((part) => name.includes(part)) ?? true);
  if (list) {
    console.log(chosen.map(({ name, threat, file }) => `${threat.padEnd(10)}${name} (${file})`).join('\n'));
    return 0;
  }
  if (chosen.length === 0) {
    throw new Error(`no guard has "${only?.join('" or "')}" in its name; --list names them`);
  }
  return run(chosen);
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`mutate: ${error.message}`);
  process.exitCode = 1;
}
