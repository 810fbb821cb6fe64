/**
 * `npm run bench:memory`: does resident memory stay level. 250,000 Checks with 1,000 remembered tokens; what the process
 * holds at the 250,000th may be at most 5 % more than at the 50,000th. No collection is forced: this is what the
 * operating system sees.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Behalf, startBehalf } from '../stage/behalf.ts';
import { chooseCores } from '../stage/cores.ts';
import { createGhz, type Ghz } from '../stage/ghz.ts';
import { stageTokenGrants } from '../stage/grants.ts';
import { createIssuer } from '../stage/issuer.ts';
import { createMessages } from '../stage/messages.ts';
import { createProgress } from '../stage/progress.ts';
import { residentBytes } from '../stage/usage.ts';
import { makeWorkFolder } from '../stage/work-folder.ts';

const TOKENS = 1000;
const STEP = 50_000;
const STEPS = 5;
const MOST_GROWTH = 0.05;

const progress = createProgress();

interface Sample {
  readonly checks: number;
  readonly residentBytes: number;
}

async function run(): Promise<readonly Sample[]> {
  const cores = chooseCores();
  const folder = makeWorkFolder();
  let behalf: Behalf | undefined;
  try {
    const ghz = createGhz({ core: cores.load, folder });
    const issuer = createIssuer(folder);
    const messages = join(folder, 'warm.bin');
    createMessages(issuer).write(messages, TOKENS, () => undefined);
    const traces = `file:${join(folder, 'spans.ndjson')}`;
    behalf = await startBehalf({
      grants: stageTokenGrants(),
      folder,
      core: cores.server,
      jwksFile: issuer.jwksFile,
      traces,
    });
    return await sample(behalf, ghz, messages);
  } finally {
    await behalf?.stop();
    progress.done();
  }
}

async function sample(behalf: Behalf, ghz: Ghz, messages: string): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (let checks = STEP; checks <= STEP * STEPS; checks += STEP) {
    progress.step(`Checks ${checks - STEP} to ${checks} of ${STEP * STEPS}`);
    await ghz.burst({ address: behalf.address, messages, count: STEP });
    samples.push({ checks, residentBytes: residentBytes(behalf.pid) });
  }
  const { allowed, denied, dropped } = await behalf.counts();
  if (allowed !== STEP * STEPS || denied !== 0) throw new Error(`void: only ${allowed} Checks were allowed`);
  if (dropped !== 0) throw new Error(`void: ${dropped} records or spans were dropped`);
  return samples;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } });
  const samples = await run();
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined) throw new Error('nothing was measured');
  const growth = last.residentBytes / first.residentBytes - 1;
  const isLevel = growth <= MOST_GROWTH;
  if (values.json) {
    console.log(JSON.stringify({ samples, growth, isLevel }, undefined, 2));
  } else {
    for (const { checks, residentBytes: bytes } of samples) {
      console.log(
        `after ${String(checks).padStart(7)} Checks  ${(bytes / 2 ** 20).toFixed(1).padStart(7)} MiB resident`,
      );
    }
    const verdict = `${isLevel ? 'met' : 'NOT met'}: at most ${MOST_GROWTH * 100} % growth`;
    console.log(
      `growth ${(growth * 100).toFixed(1)} %, from the ${first.checks}th to the ${last.checks}th\n${verdict}`,
    );
  }
  process.exitCode = isLevel ? 0 : 1;
}

try {
  await main();
} catch (error) {
  progress.done();
  console.error(`bench:memory: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
