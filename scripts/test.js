/**
 * `npm test`: installs if needed, runs every suite whose tools are here, and says what it skipped and how to enable
 * it. `npm test -- unit fuzz` runs those alone. With CI=true a missing tool is a failure. The last line is the sum.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { findTool } from './find-tool.js';
import { ensureInstalled } from './install.js';
import { run } from './run.js';
import { addTally, formatTally, readPolicyTally, readTally, tallyOf } from './tally.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const NOTHING = { passed: 0, failed: 0, skipped: 0 };
const isCi = /^(1|true)$/.test(process.env.CI ?? '');

/** In order: the quickest first. `script` suites print the sum line themselves. */
const SUITES = {
  unit: { sentence: 'Unit, wire and structure tests' },
  rego: { sentence: 'Rego tests and their coverage', needs: 'opa', script: ['scripts/build-policies.js', '--check'] },
  policy: {
    sentence: 'The shipped policy, in the runtime that decides',
    needs: 'opa',
    script: ['bin/behalf.js', 'policy', 'test', 'policies', '--threshold', '100'],
  },
  parity: { sentence: 'Our runtime says what OPA says', needs: 'opa' },
  fuzz: { sentence: 'Fuzz: no broken Check is ever allowed' },
  envoy: { sentence: 'The demo, and every answer, through real Envoy', needs: 'envoy' },
  fault: { sentence: 'Faults of ours never open Envoy', needs: 'envoy' },
};

/** A runner that failed and counted no failure has failed before it could count: one. */
function honest(tally, code) {
  return code !== 0 && tally.failed === 0 ? { ...tally, failed: 1 } : tally;
}

async function runVitest(node, project, sentence) {
  const folder = mkdtempSync(join(tmpdir(), 'behalf-test-'));
  const report = join(folder, 'report.json');
  const args = ['run', `--project=${project}`, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const code = await run(sentence, node, [join(ROOT, 'node_modules/vitest/vitest.mjs'), ...args], { cwd: ROOT });
  try {
    return honest(tallyOf(JSON.parse(readFileSync(report, 'utf8'))), code);
  } catch {
    return honest(NOTHING, 1);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function runScript(node, script, sentence) {
  let tally;
  const onLine = (line) => {
    tally = readTally(line) ?? readPolicyTally(line) ?? tally;
  };
  const code = await run(sentence, node, script, { cwd: ROOT, onLine });
  if (tally === undefined) {
    console.error(`   ${script[0]} did not say how much it ran; that counts as a failure.`);
  }
  return honest(tally ?? NOTHING, tally === undefined ? 1 : code);
}

async function runSuite(node, name) {
  const { sentence, needs, script } = SUITES[name];
  if (needs !== undefined && findTool(needs) === undefined) {
    console.error(`\n── ${isCi ? 'FAILED' : 'Skipped'}: ${sentence} (${name}) needs ${needs}, which is not here.`);
    console.error(`   \`npm run tools ${needs}\` fetches it.`);
    return { ...NOTHING, [isCi ? 'failed' : 'skipped']: 1 };
  }
  return script === undefined ? runVitest(node, name, sentence) : runScript(node, script, sentence);
}

async function main(asked) {
  const unknown = asked.filter((name) => !Object.hasOwn(SUITES, name));
  if (unknown.length > 0) {
    throw new Error(`Unknown suite: ${unknown.join(', ')}. There are: ${Object.keys(SUITES).join(', ')}.`);
  }
  const node = await ensureInstalled();
  const rows = [];
  for (const name of asked.length > 0 ? asked : Object.keys(SUITES)) {
    rows.push([name, await runSuite(node, name)]);
  }
  console.log('');
  for (const [name, tally] of rows) {
    console.log(`${name.padEnd(8)}${formatTally(tally)}`);
  }
  const sum = rows.reduce((total, [, tally]) => addTally(total, tally), NOTHING);
  console.log(`\n${formatTally(sum)}`);
  return sum.failed === 0 ? 0 : 4;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(`test: ${error.message}`);
  process.exitCode = 1;
}
