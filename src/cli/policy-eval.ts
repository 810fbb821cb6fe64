import type { Policy } from '../policy/policy.ts';
import { askRuntime, type Got } from '../policy-suite/ask-runtime.ts';
import { StartError } from './failure.ts';
import { type Fixture, readFixture } from './policy-fixture.ts';
import { type OpenPolicy, openPolicy, type PolicyOptions } from './policy-open.ts';
import { type Recorded, readRecorded } from './policy-recorded.ts';
import { readsOfUnknown } from './policy-recorded-reads.ts';
import { type ExitCode, jsonLine, type Terminal } from './terminal.ts';

export interface EvalOptions extends PolicyOptions {
  readonly input?: string;
  readonly decision?: string;
  readonly records?: readonly string[];
}

/**
 * Asks a policy once, by the rules by which a Check asks it, and shows what it says and what a Check would make of that.
 * What was asked, and of what, is always told.
 * @returns 4 where the rule is undefined, fails, says what is no decision, or reads what a record has not kept; a denial is
 *   a good answer
 * @throws BundleError, ConfigError, StartError
 */
export async function evaluate(options: EvalOptions, terminal: Terminal): Promise<ExitCode> {
  const asked = await askedOf(options);
  const open = await openPolicy(options, terminal);
  terminal.err(`behalf: input ${asked.shown}\n`);
  terminal.err(`behalf: policy ${open.shown} at ${open.policy.revision}, entrypoint ${open.policy.entrypoint}\n`);
  const guessed = 'erased' in asked ? await readsOfUnknown(asked, open.policy) : [];
  if ('erased' in asked) for (const line of gaps(asked, open.policy, guessed)) terminal.err(`behalf: ${line}\n`);
  const { said, got } = ask(open.policy, asked.input);
  if (options.json === true) terminal.out(jsonLine(summary(asked, open, { said, got, guessed })));
  else if (said !== undefined) terminal.out(`${JSON.stringify(said, null, 2)}\n`);
  terminal.err(`behalf: ${verdict(got, open)}\n`);
  return got.outcome === 'fault' || guessed.length > 0 ? 4 : 0;
}

async function askedOf({ input, decision, records = [] }: EvalOptions): Promise<Fixture | Recorded> {
  if (input !== undefined && decision !== undefined) {
    throw new StartError('--input and --decision name two inputs; leave one out');
  }
  if (input !== undefined) return readFixture(input);
  if (decision === undefined) throw new StartError('no input is named: add -i FILE, or --decision ID --records FILE');
  if (records.length === 0) throw new StartError('add --records FILE: the decision records, one JSON object a line');
  return await readRecorded(decision, records);
}

interface Answer {
  /** What the rule gave, unread. */
  readonly said: unknown;
  readonly got: Got;
  /** What it rests on and was not recorded. */
  readonly guessed: readonly string[];
}

function ask(policy: Policy, input: Fixture['input']): Omit<Answer, 'guessed'> {
  let said: unknown;
  const watched: Policy = {
    revision: policy.revision,
    entrypoint: policy.entrypoint,
    budget: policy.budget,
    lastTicks: 0,
    evaluate: (given) => {
      said = policy.evaluate(given);
      return said;
    },
  };
  const got = askRuntime(watched, input);
  return { said, got };
}

/** What a record could not give: an answer that rests on it is another one than was given then. */
function gaps(recorded: Recorded, policy: Policy, guessed: readonly string[]): readonly string[] {
  const { erased, masked, others, decided, revision } = recorded;
  const lines = [`it was decided then: ${decided}, by the policy at ${revision ?? 'an unknown revision'}`];
  if (erased.length > 0) lines.push(`not recorded, and taken for absent here: ${erased.join(', ')}`);
  if (masked.length > 0) lines.push(`recorded under another name: ${masked.join(', ')}`);
  if (guessed.length > 0) lines.push(`the rules read ${guessed.join(', ')}, so that the answer is a guess`);
  else if (erased.length + masked.length > 0) lines.push('the rules read none of that: the answer is sound');
  if (others > 0)
    lines.push(`this is the first element of a batch; the other ${others} were asked about by themselves`);
  if (revision !== undefined && revision !== policy.revision) lines.push('the policy is another revision now');
  return lines;
}

function verdict({ outcome, refusal, reasons, detail }: Got, { policy }: OpenPolicy): string {
  const codes = reasons.length === 0 ? '' : ` (${reasons.map(({ code }) => code).join(', ')})`;
  if (outcome === 'allow') return `a Check would be allowed${codes}`;
  if (outcome !== 'fault') return `a Check would be denied: ${refusal}${codes}`;
  if (refusal !== 'policy_undefined') return `a Check would be denied: ${refusal}: ${detail}; see docs/refusals.md`;
  return `a Check would be denied: policy_undefined: ${policy.entrypoint} has no value for this input: no rule's conditions hold, and there is no default. Write \`default ${nameOf(policy)} := {"allow": false, "reasons": []}\`.`;
}

function nameOf({ entrypoint }: Policy): string {
  return entrypoint.slice(entrypoint.lastIndexOf('/') + 1);
}

function summary(asked: Fixture | Recorded, { policy, shown }: OpenPolicy, { said, got, guessed }: Answer): object {
  const { revision, entrypoint, lastTicks, budget } = policy;
  const record = 'erased' in asked ? recordOf(asked, guessed) : {};
  const ok = got.outcome !== 'fault' && guessed.length === 0;
  const base = { ok, input: asked.shown, ...record, bundle: shown, revision, entrypoint };
  return { ...base, result: said ?? null, defined: said !== undefined, ...got, ticks: lastTicks, budget };
}

function recordOf({ erased, masked, decided, revision }: Recorded, guessed: readonly string[]): object {
  return { notRecorded: erased, masked, guessed, decided, decidedAt: revision };
}
