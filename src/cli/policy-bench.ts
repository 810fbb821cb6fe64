import type { Policy } from '../policy/policy.ts';
import { askRuntime } from '../policy-suite/ask-runtime.ts';
import { type Fixture, readFixture } from './policy-fixture.ts';
import { openPolicy, type PolicyOptions } from './policy-open.ts';
import { type ExitCode, jsonLine, type Terminal } from './terminal.ts';

export interface BenchOptions extends PolicyOptions {
  readonly input: readonly string[];
  readonly count: number;
}

/** What one input costs. Times are in microseconds. */
interface Cost {
  readonly input: string;
  /** What a Check would come to. */
  readonly outcome: string;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** Ticks of the meter, which do not depend on the machine. */
  readonly ticks: number;
}

const WARM_UP = 200;
const MIB = 1024 * 1024;

/**
 * Measures what evaluations cost: time on this machine, ticks of the budget on any, and memory.
 * @returns 4 where an input is not decided: what a fault costs says nothing
 * @throws BundleError, ConfigError, StartError
 */
export async function bench(options: BenchOptions, terminal: Terminal): Promise<ExitCode> {
  const fixtures = options.input.map(readFixture);
  const { policy, shown } = await openPolicy(options, terminal);
  const { revision, entrypoint, budget } = policy;
  terminal.err(`behalf: policy ${shown} at ${revision}, entrypoint ${entrypoint}\n`);
  const before = process.memoryUsage.rss();
  const costs = fixtures.map((fixture) => {
    terminal.err(`behalf: ${fixture.shown}: ${options.count} evaluations\n`);
    return measure(policy, fixture, options.count);
  });
  const memory = { rss: process.memoryUsage.rss(), grown: process.memoryUsage.rss() - before };
  const ticks = Math.max(...costs.map((cost) => cost.ticks));
  const headroom = Math.max(0, 1 - ticks / budget);
  const faulty = costs.filter(({ outcome }) => !DECIDED.has(outcome));
  const report = { bundle: shown, revision, entrypoint, count: options.count, budget, headroom, memory, inputs: costs };
  terminal.out(options.json === true ? jsonLine({ ok: faulty.length === 0, ...report }) : inWords(report));
  for (const { input, outcome } of faulty) {
    terminal.err(`behalf: ${input} is not decided: ${outcome}; see why with \`behalf policy eval -i ${input}\`\n`);
  }
  return faulty.length === 0 ? 0 : 4;
}

const DECIDED = new Set(['allow', 'deny', 'approval']);

function measure(policy: Policy, { shown, input }: Fixture, count: number): Cost {
  // What is measured is the whole question, as a Check asks it: the input is written, and the answer is read.
  const { outcome, refusal = outcome } = askRuntime(policy, input);
  const ticks = policy.lastTicks;
  for (let warm = 1; warm < Math.min(WARM_UP, count); warm++) askRuntime(policy, input);
  const times = Array.from({ length: count }, () => {
    const began = performance.now();
    askRuntime(policy, input);
    return (performance.now() - began) * 1000;
  }).sort((a, b) => a - b);
  const at = (share: number): number => rounded(times[Math.ceil(share * times.length) - 1] ?? 0);
  const told = DECIDED.has(outcome) ? outcome : refusal;
  return { input: shown, outcome: told, p50: at(0.5), p99: at(0.99), max: at(1), ticks };
}

function rounded(microseconds: number): number {
  return Math.round(microseconds * 10) / 10;
}

interface Report {
  readonly count: number;
  readonly budget: number;
  readonly headroom: number;
  readonly memory: { readonly rss: number; readonly grown: number };
  readonly inputs: readonly Cost[];
}

function inWords({ budget, headroom, memory, inputs }: Report): string {
  const width = Math.max(5, ...inputs.map(({ input }) => input.length));
  const head = `${'input'.padEnd(width)}      p50 µs      p99 µs      max µs       ticks  outcome\n`;
  const rows = inputs.map(({ input, p50, p99, max, ticks, outcome }) => {
    const numbers = [p50.toFixed(1), p99.toFixed(1), max.toFixed(1), String(ticks)];
    return `${input.padEnd(width)}${numbers.map((number) => number.padStart(12)).join('')}  ${outcome}\n`;
  });
  const left = `budget   ${budget} ticks; the dearest input leaves ${(headroom * 100).toFixed(1)} % of it\n`;
  const resident = `memory   ${mib(memory.rss)} MiB resident, ${mib(memory.grown)} MiB more than before\n`;
  return `${head}${rows.join('')}${left}${resident}`;
}

function mib(bytes: number): string {
  return (bytes / MIB).toFixed(1);
}
