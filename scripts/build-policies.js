/**
 * Checks the Rego of policies/ and examples/policies/ and builds their bundles, and those of test/fixtures/policies/, with
 * OPA. An example is checked and built as an author has it: with a copy of policies/lib beside it.
 *
 *   node scripts/build-policies.js          fmt, check, test, build; writes each bundle.tar.gz that changed
 *   node scripts/build-policies.js --check  the same, but writes nothing; exit 4 if a committed bundle is another one
 *
 * Exit codes: 0 ok, 2 no OPA or bad arguments, 3 a policy does not compile, 4 a check or a test failed.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

import { findTool, TOOLS } from './find-tool.js';
import { addTally, formatTally } from './tally.js';

/** The version whose bundles are committed: another one compiles other bytes. */
const OPA_VERSION = TOOLS.opa.version;
const ENTRYPOINT = 'behalf/authz/decision';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const POLICIES = join(ROOT, 'policies');
const EXAMPLES = join(ROOT, 'examples', 'policies');
const FIXTURES = join(ROOT, 'test', 'fixtures', 'policies');
const CAPABILITIES = ['--capabilities', join(POLICIES, 'capabilities.json')];
const SCHEMA = ['--schema', join(ROOT, 'schema', 'policy-input.schema.json')];

class Failure extends Error {
  constructor(exitCode, message) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** @returns the path of OPA */
function findOpa() {
  let opa;
  try {
    opa = findTool('opa');
  } catch (error) {
    throw new Failure(2, error.message);
  }
  if (opa === undefined) {
    throw new Failure(2, `There is no OPA here. Run \`npm run tools opa\`, or set OPA_BIN to an OPA ${OPA_VERSION}.`);
  }
  const { stdout } = spawnSync(opa, ['version'], { encoding: 'utf8' });
  const version = /^Version: (\S+)/m.exec(stdout ?? '')?.[1];
  if (version === undefined) throw new Failure(2, `${opa} is not OPA. Correct OPA_BIN or PATH.`);
  if (version !== OPA_VERSION) step(`this is OPA ${version}; the committed bundles are by ${OPA_VERSION}`);
  return opa;
}

/** Runs OPA in `folder`, so that no path outside it can get into a bundle. `shown` is what the folder is a copy of. */
function run(opa, { folder, shown = relative(ROOT, folder) }, args, exitCode) {
  const { status, stdout, stderr } = spawnSync(opa, args, { cwd: folder, encoding: 'utf8', maxBuffer: 2 ** 26 });
  if (status === 0) return stdout;
  throw new Failure(exitCode, `opa ${args[0]} failed in ${shown}:\n${(stdout + stderr).trim()}`);
}

/** Hands a copy of the example to `use`, with the library in it. */
function withLibrary(folder, use) {
  const copy = mkdtempSync(join(tmpdir(), 'behalf-example-'));
  try {
    cpSync(folder, copy, { recursive: true });
    cpSync(join(POLICIES, 'lib'), join(copy, 'lib'), { recursive: true });
    return use({ folder: copy, shown: relative(ROOT, folder) });
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function step(text) {
  console.error(`policies: ${text}`);
}

/** Types, builtins, tests and coverage. @returns how many tests passed, failed and were skipped */
function verify(opa, place) {
  run(opa, place, ['check', '--strict', ...CAPABILITIES, ...SCHEMA, '--bundle', '.'], 3);
  const { shown = relative(ROOT, place.folder) } = place;
  const args = ['test', '--bundle', '--format', 'json', '.'];
  const { stdout, stderr } = spawnSync(opa, args, { cwd: place.folder, encoding: 'utf8', maxBuffer: 2 ** 26 });
  const results = parse(stdout);
  if (!Array.isArray(results)) throw new Failure(3, `opa test failed in ${shown}:\n${(stderr || stdout).trim()}`);
  const failed = results.filter(({ fail, error }) => fail === true || error !== undefined);
  const skipped = results.filter(({ skip }) => skip === true).length;
  for (const { package: name, name: test } of failed) step(`failed in ${shown}: ${name}.${test}`);
  if (failed.length === 0) requireCoverage(opa, place, shown);
  return { passed: results.length - failed.length - skipped, failed: failed.length, skipped };
}

/** What `--threshold 100` demands, said line by line. */
function requireCoverage(opa, place, shown) {
  const report = parse(run(opa, place, ['test', '--bundle', '--coverage', '--format', 'json', '.'], 4));
  if (report?.coverage === 100) return;
  const lines = Object.entries(report?.files ?? {}).flatMap(([file, { not_covered: ranges = [] }]) =>
    ranges.map(({ start }) => `${shown}/${file}:${start.row}: not covered\n`),
  );
  throw new Failure(4, `${lines.join('')}The tests must cover every line of Rego; they cover ${report?.coverage} %.`);
}

function parse(json) {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/** OPA writes no times, owners or absolute paths into a bundle, and sorts nothing by chance: same Rego, same bytes. */
function build(opa, place, options) {
  const temporary = mkdtempSync(join(tmpdir(), 'behalf-policies-'));
  try {
    const output = join(temporary, 'bundle.tar.gz');
    const args = ['build', '--target', 'wasm', '--entrypoint', ENTRYPOINT, '--ignore', '*_test.rego', ...options];
    run(opa, place, [...args, '--output', output, '--bundle', '.'], 3);
    return readFileSync(output);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

function isSameBundle(built, committed) {
  if (built.equals(committed)) return true;
  try {
    // Another version of Go may pack the same bytes in another way.
    return gunzipSync(built).equals(gunzipSync(committed));
  } catch {
    return false;
  }
}

/** @returns the path of the bundle where it is not the one that its Rego builds to */
function keep(built, folder, isCheck) {
  const path = join(folder, 'bundle.tar.gz');
  const shown = relative(ROOT, path);
  if (existsSync(path) && isSameBundle(built, readFileSync(path))) return undefined;
  if (isCheck) return shown;
  writeFileSync(path, built);
  step(`wrote ${shown}, ${built.length} bytes`);
  return undefined;
}

function foldersOf(parent) {
  return readdirSync(parent, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? [join(parent, entry.name)] : [],
  );
}

function buildAll(opa, isCheck) {
  step(isCheck ? 'comparing the bundles' : 'building the bundles');
  const example = (folder) => withLibrary(folder, (place) => build(opa, place, CAPABILITIES));
  const changed = [
    keep(build(opa, { folder: POLICIES }, CAPABILITIES), POLICIES, isCheck),
    ...foldersOf(EXAMPLES).map((folder) => keep(example(folder), folder, isCheck)),
    ...foldersOf(FIXTURES).map((folder) => keep(build(opa, { folder }, []), folder, isCheck)),
  ].filter((path) => path !== undefined);
  if (changed.length > 0) {
    throw new Failure(4, `${changed.join(', ')}: not what the Rego builds to. Run \`npm run policies\` and commit it.`);
  }
}

function main(args) {
  const unknown = args.find((arg) => arg !== '--check');
  if (unknown !== undefined) throw new Failure(2, `${unknown} is not an option; there is only --check.`);
  const opa = findOpa();
  let tally = { passed: 0, failed: 0, skipped: 0 };
  try {
    step('formatting');
    for (const folder of [POLICIES, EXAMPLES, FIXTURES]) run(opa, { folder }, ['fmt', '--fail', '--list', '.'], 4);
    step('types, builtins, tests and coverage');
    tally = addTally(tally, verify(opa, { folder: POLICIES }));
    for (const folder of foldersOf(EXAMPLES)) {
      tally = addTally(
        tally,
        withLibrary(folder, (place) => verify(opa, place)),
      );
    }
    if (tally.failed > 0) throw new Failure(4, 'See why with `opa test --bundle --verbose` in that folder.');
    buildAll(opa, args.includes('--check'));
  } finally {
    console.log(formatTally(tally));
  }
}

try {
  main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  console.error(error.message);
  process.exitCode = error.exitCode;
}
