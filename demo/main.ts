/**
 * `npm run demo`: AI agents call tools through a real Envoy, which asks a real Behalf about every call. Prints what came
 * of each and exits 0 only where all came out as demo/story.yaml expects. Data on stdout, progress on stderr.
 */
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { findTool } from '../scripts/find-tool.js';
import { byHand } from './by-hand.ts';
import { type Agreement, compareWithEnvoy } from './envoy-agrees.ts';
import { decisionIdOf, judge, type Played } from './judge.ts';
import { awaitLines, type DecisionRecord, type SpanLine } from './records.ts';
import { type Sent, send } from './send.ts';
import { readStory, type Story } from './story.ts';
import { table } from './table.ts';
import { traceTree } from './trace-tree.ts';
import { startWorld, type World } from './world.ts';

const USAGE = `Examples:
  npm run demo                  play the story, print what came of it
  npm run demo -- --stay        and keep everything running, to try it by hand
  npm run demo -- --json        print JSON

Exit codes: 0 all as expected, 1 it could not run, 2 bad arguments, 4 something came out otherwise.`;

interface Options {
  readonly stay: boolean;
  readonly json: boolean;
}

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => interrupted.abort());
}

process.exitCode = await main();

async function main(): Promise<number> {
  const options = readOptions();
  if (options === undefined) {
    return 2;
  }
  if (options === 'help') {
    console.log(USAGE);
    return 0;
  }
  try {
    if (findTool('envoy') === undefined) {
      throw new Error('there is no Envoy on this machine. Fetch it with: npm run tools (or set ENVOY_BIN)');
    }
    const story = readStory();
    const world = await startWorld(story, (step) => {
      interrupted.signal.throwIfAborted();
      say(step);
    });
    let ok = false;
    try {
      ok = await tell(story, world, options);
    } finally {
      const keep = !ok && !interrupted.signal.aborted;
      await world.stop({ keep });
      if (keep) {
        console.error(`Logs, records and certificates are in ${world.folder}`);
      }
    }
    return ok ? 0 : 4;
  } catch (error) {
    if (interrupted.signal.aborted) {
      return 130;
    }
    console.error(`demo: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  }
}

function readOptions(): Options | 'help' | undefined {
  try {
    const { values } = parseArgs({
      options: {
        stay: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    return values.help ? 'help' : values;
  } catch (error) {
    console.error(`demo: ${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    return undefined;
  }
}

async function tell(story: Story, world: World, { stay, json }: Options): Promise<boolean> {
  say(`Playing ${story.rows.length} calls`);
  const played = await play(story, world);
  const agreement = await compareWithEnvoy(world);
  const ok = agreement.agrees && played.every(({ surprises }) => surprises.length === 0);
  if (json) {
    console.log(JSON.stringify({ ok, calls: played, envoy: agreement }, null, 2));
  } else {
    await print(played, agreement, world);
  }
  if (stay && !interrupted.signal.aborted) {
    const commands = await byHand(story, world);
    console[json ? 'error' : 'log'](`\nTo try it by hand:\n\n${commands}\n`);
    console.error('Everything keeps running until Ctrl-C.');
    await stayUntilInterrupted();
  } else if (!json) {
    console.log('\nTo try it by hand: npm run demo -- --stay');
  }
  return ok;
}

async function play(story: Story, world: World): Promise<Played[]> {
  const sent: Sent[] = [];
  for (const row of story.rows) {
    interrupted.signal.throwIfAborted();
    sent.push(await send(row, story, world));
  }
  const ids = new Set(sent.map(({ answer }) => decisionIdOf(answer)));
  const isOurs = (record: DecisionRecord) => ids.has(record.decision_id);
  const records = await awaitLines(world.behalf.recordsFile, isOurs, sent.length);
  return sent.map((one) => judge(one, records));
}

async function print(played: readonly Played[], agreement: Agreement, world: World): Promise<void> {
  console.log(`\n${table(played)}\n\nagent?: what the certificate says, in a call refused before Behalf was sure.\n`);
  for (const { call, surprises } of played.filter((row) => row.surprises.length > 0)) {
    console.log(`${call}: ${surprises.join('; ')}`);
  }
  const { ok, denied, error, failureModeAllowed, records, agrees } = agreement;
  const counted = `${ok} allowed + ${denied} denied, ${error} errors, ${failureModeAllowed} let through on failure`;
  console.log(
    `Envoy counts ${counted}; Behalf has ${records} decision records: ${agrees ? 'they agree' : 'THEY DIFFER'}.`,
  );
  const shown = played.find(({ outcome }) => outcome === 'allow') ?? played[0];
  const spans = await awaitLines<SpanLine>(world.behalf.spansFile, ({ trace_id }) => trace_id === shown?.traceId);
  console.log(`\nThe trace of "${shown?.call}" (${shown?.traceId ?? 'none'}):\n\n${traceTree(spans) || 'no spans'}`);
}

async function stayUntilInterrupted(): Promise<void> {
  const alive = setInterval(() => {}, 60_000);
  await once(interrupted.signal, 'abort');
  clearInterval(alive);
}

function say(step: string): void {
  console.error(`${step} ...`);
}
