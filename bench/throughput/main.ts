/** `npm run bench`: what a Check costs, next to a server that decides nothing. bench/README.md says how to read it. */
import { mkdirSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { backMemory } from '../stage/back-memory.ts';
import { chooseCores } from '../stage/cores.ts';
import { createGhz, type Ghz } from '../stage/ghz.ts';
import { createIssuer } from '../stage/issuer.ts';
import { createMessages } from '../stage/messages.ts';
import { createProgress } from '../stage/progress.ts';
import { makeWorkFolder } from '../stage/work-folder.ts';
import { type Contestant, type Stage, startContestants } from './contestants.ts';
import { measure, type Turn } from './measure.ts';
import { HELP, type Options, readOptions } from './options.ts';
import { type Figures, figuresOf, type Name, reportText, type Scenario } from './report.ts';

/** As many tokens as are in use at once, each seen before it counts. */
const WARM_TOKENS = 1000;

const progress = createProgress();

interface Arena extends Stage {
  readonly contestants: readonly Contestant[];
  readonly ghz: Ghz;
}

async function run(options: Options): Promise<readonly Figures[]> {
  const cores = chooseCores();
  const folder = options.folder ?? makeWorkFolder();
  mkdirSync(folder, { recursive: true });
  let contestants: readonly Contestant[] = [];
  try {
    const ghz = createGhz({ core: cores.load, folder });
    const issuer = createIssuer(folder);
    const stage = { folder, cores, issuer, messages: createMessages(issuer), options };
    progress.step('Starting the servers');
    contestants = await startContestants(stage);
    const arena = { ...stage, contestants, ghz };
    return [await warm(arena), await firstSeen(arena)].flatMap(figuresOf);
  } finally {
    for (const contestant of contestants) await contestant.stop();
    progress.done();
  }
}

/**
 * Every token was seen before it is measured. Each round brings its own, because a verdict is kept for 30 s from the first
 * time: that is longer than a turn, but shorter than a run.
 */
async function warm(arena: Arena): Promise<Scenario> {
  const { ghz, contestants, options } = arena;
  let messages = mint(arena, 'warm', WARM_TOKENS);
  let minted = 0;
  for (const { name, address } of contestants) {
    progress.step(`Warming up ${name}`);
    await ghz.burst({ address, messages, count: options.warmup });
  }
  return alternate('warm', arena, async (contestant, round) => {
    if (minted !== round) [minted, messages] = [round, mint(arena, 'warm', WARM_TOKENS)];
    await ghz.burst({ address: contestant.address, messages, count: WARM_TOKENS });
    backMemory(arena.folder);
    return measure(contestant, ghz, { messages, count: options.warmChecks });
  });
}

/** Each turn brings new tokens, and each server sees each of them once. */
function firstSeen(arena: Arena): Promise<Scenario> {
  const { ghz, options } = arena;
  let minted = { round: 0, file: '' };
  return alternate('first-seen', arena, (contestant, round) => {
    if (minted.round !== round) minted = { round, file: mint(arena, 'first-seen', options.firstSeen) };
    backMemory(arena.folder);
    return measure(contestant, ghz, { messages: minted.file, count: options.firstSeen });
  });
}

async function alternate(
  name: Scenario['name'],
  { contestants, options }: Arena,
  turn: (contestant: Contestant, round: number) => Promise<Turn>,
): Promise<Scenario> {
  const turns: Partial<Record<Name, Turn[]>> = {};
  for (let round = 1; round <= options.rounds; round++) {
    for (const contestant of contestants) {
      progress.step(`${name}: round ${round} of ${options.rounds}, ${contestant.name}`);
      (turns[contestant.name] ??= []).push(await turn(contestant, round));
    }
  }
  return { name, turns };
}

function mint({ folder, messages }: Stage, name: string, count: number): string {
  const file = join(folder, `${name}.bin`);
  progress.step(`Minting ${count} tokens`);
  messages.write(file, count, (done) => progress.tick(`Minting ${count} tokens: ${done}`));
  return file;
}

function optionsOrExit(): Options | 'help' {
  try {
    return readOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`bench: ${error instanceof Error ? error.message : String(error)}. See --help.`);
    return process.exit(2);
  }
}

async function main(): Promise<void> {
  const options = optionsOrExit();
  if (options === 'help') {
    process.stdout.write(HELP);
    return;
  }
  const figures = await run(options);
  const machine = { cpu: cpus()[0]?.model.trim(), processors: availableParallelism(), node: process.version };
  if (options.json) console.log(JSON.stringify({ machine, rounds: options.rounds, figures }, undefined, 2));
  else
    console.log(`${machine.cpu}, node ${machine.node}, medians of ${options.rounds} rounds\n\n${reportText(figures)}`);
}

try {
  await main();
} catch (error) {
  progress.done();
  console.error(`bench: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
