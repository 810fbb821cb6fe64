/**
 * `npm run parity`: asks our runtime and a running OPA the same, 100,000 times for each policy that is shipped or shown
 * and for each family of builtins. Prints what was asked, and every difference that docs/divergences.md does not name.
 *
 *   npm run parity -- --inputs 2000 --seed 5 --only corpus/time
 *
 * Exit codes: 0 no difference, 2 no OPA or bad arguments, 4 a difference.
 */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { findTool } from '../../scripts/find-tool.js';
import type { Opa } from '../fakes/with-opa.ts';
import { compareRuntimes, type Parity } from './parity.ts';
import type { Subject } from './subject.ts';
import { allSubjects } from './subjects.ts';

const DAY_MS = 86_400_000;
const SHOWN = 5;

async function main(path: string): Promise<void> {
  const { values } = parseArgs({
    options: { inputs: { type: 'string' }, seed: { type: 'string' }, only: { type: 'string' } },
  });
  const count = Number(values.inputs ?? 100_000);
  // Another one each day, and always said: what it finds can be found again.
  const seed = Number(values.seed ?? Math.floor(Date.now() / DAY_MS));
  const opa: Opa = (cwd, ...args) => {
    const { status, stdout, stderr } = spawnSync(path, args, { cwd, encoding: 'utf8', maxBuffer: 2 ** 26 });
    return { code: status, said: `${stdout}${stderr}` };
  };
  say(`seed ${seed}, ${count} inputs for each`);
  const asked = (await allSubjects(opa)).filter(({ name }) => values.only === undefined || name === values.only);
  if (asked.length === 0) throw new TypeError(`there is no ${values.only}`);
  for (const subject of asked) {
    report(subject, await compareRuntimes(subject, { opa: path, seed, count }));
  }
}

function report({ name }: Subject, { asked, kinds, allowed, distinct, named, unnamed }: Parity): void {
  const counts = `${kinds.value} values (${distinct} different, ${allowed} allow), ${kinds.undefined} undefined, ${kinds.error} errors`;
  say(`${name}: ${asked} asked, ${counts}, ${unnamed.length} differences`);
  for (const [heading, times] of named) say(`  named: ${heading}, ${times}`);
  for (const difference of unnamed.slice(0, SHOWN)) say(JSON.stringify(difference));
  if (unnamed.length > 0) process.exitCode = 4;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

try {
  const path = findTool('opa');
  if (path === undefined) throw new TypeError('There is no OPA here. Run `npm run tools opa`, or set OPA_BIN.');
  await main(path);
} catch (error) {
  if (!(error instanceof TypeError)) throw error;
  process.stderr.write(`parity: ${error.message}\n`);
  process.exitCode = 2;
}
