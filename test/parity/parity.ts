import { isDeepStrictEqual } from 'node:util';
import { randomOf } from '../fuzz/random.ts';
import { askOurs } from './ask-ours.ts';
import type { Call } from './corpus/case.ts';
import { namedDivergence } from './named.ts';
import { startOpa } from './opa-server.ts';
import type { Outcome } from './outcome.ts';
import type { Subject } from './subject.ts';

/** One input to which the two say different things. */
export interface Difference {
  readonly index: number;
  /** Of the corpus. */
  readonly call: Call | undefined;
  readonly input: unknown;
  readonly opa: Outcome;
  readonly ours: Outcome;
}

export interface Parity {
  readonly asked: number;
  /** How both ended, so that a run that only ever failed is seen for what it is. */
  readonly kinds: Readonly<Record<Outcome['kind'], number>>;
  /** How many different values there were, and how many of them allow: a run in which all was one is no proof. */
  readonly distinct: number;
  readonly allowed: number;
  /** Those that docs/divergences.md names, by its headings. */
  readonly named: ReadonlyMap<string, number>;
  readonly unnamed: readonly Difference[];
}

/** Inputs that are under way at once. */
const AT_ONCE = 16;
/** After so many differences, more of them say nothing new. */
const MOST = 200;

/** Asks both the same, `count` times over, each input by the seed and its number. */
export async function compareRuntimes(
  subject: Subject,
  options: { readonly opa: string; readonly seed: number; readonly count: number },
): Promise<Parity> {
  const { folder, entrypoint, policy } = subject;
  const server = await startOpa(options.opa, { folder, path: entrypoint });
  const kinds: Record<Outcome['kind'], number> = { value: 0, undefined: 0, error: 0 };
  const named = new Map<string, number>();
  const unnamed: Difference[] = [];
  const values = new Set<string>();
  let [next, allowed] = [0, 0];
  async function work(): Promise<void> {
    while (next < options.count && unnamed.length < MOST) {
      const index = next++;
      const input = subject.input(randomOf(options.seed, index));
      const [ours, opa] = [askOurs(policy, input), await server.ask(input)];
      kinds[opa.kind]++;
      if (opa.kind === 'value') {
        values.add(JSON.stringify(opa.value));
        allowed += Number((opa.value as { allow?: unknown } | null)?.allow === true);
      }
      if (isSame(opa, ours)) continue;
      const difference = { index, call: subject.callOf(input), input, opa, ours };
      const name = namedDivergence(difference);
      if (name === undefined) unnamed.push(difference);
      else named.set(name, (named.get(name) ?? 0) + 1);
    }
  }
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  } finally {
    await server.stop();
  }
  return { asked: next, kinds, distinct: values.size, allowed, named, unnamed };
}

/** An error is an error, whatever it is called: both deny. */
function isSame(opa: Outcome, ours: Outcome): boolean {
  if (opa.kind !== 'value' || ours.kind !== 'value') return opa.kind === ours.kind;
  return isDeepStrictEqual(plain(opa.value), plain(ours.value));
}

/** What JSON says of a value: it tells no `-0` from `0`. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
