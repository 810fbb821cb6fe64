/**
 * `npm run bench:policy`: does resident memory stay level under policy alone (threats P05). 1,000,000 evaluations of the
 * shipped policy in this process, with inputs of 16 KiB that are never the same; what the process holds after the last
 * may be at most 5 % more than after the first tenth. That is what the operating system counts, with V8's young generation
 * held at one size and a collection before each sample: how much garbage V8 lets lie is its own affair, and follows from
 * making the inputs just as much (`--inputs-only` shows it).
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { readBundle } from '../../src/policy/bundle.ts';
import type { PolicyInput } from '../../src/policy/input.ts';
import type { Policy } from '../../src/policy/policy.ts';
import { compilePolicy } from '../../src/policy/wasm.ts';
import { inputFor } from '../../test/fixtures/policy-input.ts';
import { createProgress } from '../stage/progress.ts';
import { residentBytes } from '../stage/usage.ts';

const STEPS = 10;
const INPUT_BYTES = 16 * 1024;
const MOST_GROWTH = 0.05;

const progress = createProgress();

interface Sample {
  readonly evaluations: number;
  readonly residentBytes: number;
}

interface Result {
  readonly samples: readonly Sample[];
  readonly mostTicks: number;
  readonly evaluationUs: number;
}

async function run(evaluations: number, inputsOnly: boolean): Promise<Result> {
  const bundle = readBundle(readFileSync(new URL('../../policies/bundle.tar.gz', import.meta.url)));
  const policy = await compilePolicy({ bundle, entrypoint: 'behalf/authz/decision' });
  const samples: Sample[] = [];
  const step = evaluations / STEPS;
  const began = performance.now();
  let mostTicks = 0;
  for (let done = step; done <= evaluations; done += step) {
    progress.step(`evaluations ${done - step} to ${done} of ${evaluations}`);
    if (inputsOnly) makeInputs(done - step, done);
    else mostTicks = Math.max(mostTicks, evaluate(policy, done - step, done));
    collect();
    samples.push({ evaluations: done, residentBytes: residentBytes(process.pid) });
  }
  return { samples, mostTicks, evaluationUs: ((performance.now() - began) * 1000) / evaluations };
}

/** @returns the most ticks that one of them took */
function evaluate(policy: Policy, from: number, to: number): number {
  let most = 0;
  for (let n = from; n < to; n++) {
    const said = policy.evaluate(JSON.stringify(inputOf(n))) as { readonly allow?: unknown } | undefined;
    if (said?.allow !== true) throw new Error(`void: evaluation ${n} was not allowed`);
    most = Math.max(most, policy.lastTicks);
  }
  return most;
}

function makeInputs(from: number, to: number): void {
  for (let n = from; n < to; n++) JSON.stringify(inputOf(n));
}

function collect(): void {
  if (globalThis.gc === undefined) throw new Error('run it with --expose-gc, as `npm run bench:policy` does');
  globalThis.gc();
}

/** Texts, numbers, lists and objects, all of which depend on `n`. */
function inputOf(n: number): PolicyInput {
  const item = (index: number): object => ({ id: `${n}-${index}`, amount: n / (index + 1), tags: ['a', `b${n}`] });
  const items = Array.from({ length: 100 }, (_, index) => item(index));
  const body = { items, filler: '' };
  const lacking = INPUT_BYTES - JSON.stringify(inputFor('invoices.read', body)).length;
  return inputFor('invoices.read', { ...body, filler: String(n % 10).repeat(Math.max(0, lacking)) });
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      json: { type: 'boolean', default: false },
      evaluations: { type: 'string', default: '1000000' },
      'inputs-only': { type: 'boolean', default: false },
    },
  });
  const { samples, mostTicks, evaluationUs } = await run(Number(values.evaluations), values['inputs-only']);
  progress.done();
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined) throw new Error('nothing was measured');
  const growth = last.residentBytes / first.residentBytes - 1;
  const isLevel = growth <= MOST_GROWTH;
  if (values.json) {
    console.log(JSON.stringify({ samples, mostTicks, evaluationUs, growth, isLevel }, undefined, 2));
  } else {
    for (const { evaluations, residentBytes: bytes } of samples) {
      console.log(`after ${String(evaluations).padStart(7)}  ${(bytes / 2 ** 20).toFixed(1).padStart(7)} MiB resident`);
    }
    console.log(`${evaluationUs.toFixed(0)} µs each, input and its making included; at most ${mostTicks} ticks`);
    console.log(
      `growth ${(growth * 100).toFixed(1)} %; ${isLevel ? 'met' : 'NOT met'}: at most ${MOST_GROWTH * 100} %`,
    );
  }
  process.exitCode = isLevel ? 0 : 1;
}

try {
  await main();
} catch (error) {
  progress.done();
  console.error(`bench:policy: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
