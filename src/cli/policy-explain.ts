import type { PolicyInput } from '../policy/input.ts';
import type { Policy } from '../policy/policy.ts';
import { askRuntime, type Got } from '../policy-suite/ask-runtime.ts';
import { StartError } from './failure.ts';
import type { Because } from './policy-explain-because.ts';
import { explainRego, type Maker, type RegoAccount } from './policy-explain-rego.ts';
import { explainText } from './policy-explain-text.ts';
import { type Fixture, readFixture } from './policy-fixture.ts';
import { requireFolder } from './policy-folder.ts';
import { openPolicy } from './policy-open.ts';
import { type Recorded, readRecorded } from './policy-recorded.ts';
import { readsOfUnknown } from './policy-recorded-reads.ts';
import { isSameSaid } from './policy-same-said.ts';
import { type ExitCode, jsonLine, type Terminal } from './terminal.ts';

export interface PolicyExplainOptions {
  readonly entrypoint: string;
  readonly input?: string;
  /** The id of a recorded decision, instead of an input. */
  readonly decision?: string;
  readonly records?: readonly string[];
  /** What decides, instead of what the folder compiles to. */
  readonly bundle?: string;
  readonly json?: boolean;
}

/** Why a policy decides as it does. */
export interface Explanation {
  readonly entrypoint: string;
  /** Of the bundle that decided. */
  readonly revision: string;
  readonly input: string;
  /** What the decision reads and a record has not kept, as JSON pointers. */
  readonly guessed: readonly string[];
  /** What a Check would come to, by our runtime. */
  readonly got: Omit<Got, 'reasons'> & { readonly reasons: readonly ExplainedReason[] };
  /** The branches of the decision that hold. */
  readonly because: readonly Because[];
  /** Those that do not, and which of their conditions. */
  readonly missed: readonly Because[];
  readonly madeBy: readonly Maker[];
  /** Undefined where OPA's interpreter comes to the same: the account is its own. */
  readonly disagreement?: string;
}

export interface ExplainedReason {
  readonly code: string;
  readonly message: string;
  readonly madeBy: readonly Maker[];
}

/**
 * Says why: for each reason the rule and the line that made it, and the conditions that held, or did not. Our runtime
 * decides; OPA's interpreter, which sees every step, says why, over the sources of the folder.
 * @returns 4 where the two do not agree, or rest on what a record has not kept: the account may be of something else
 * @throws BundleError, ConfigError, StartError
 */
export async function policyExplain(
  folder: string,
  options: PolicyExplainOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const { entrypoint, json } = options;
  requireFolder(folder);
  const asked = await questionOf(options);
  const { input } = asked;
  const { policy } = await openPolicy({ bundle: options.bundle ?? folder, entrypoint }, terminal);
  const guessed = await guessedOf(asked, policy, terminal);
  const got = askRuntime(policy, input);
  const account = await explainRego({ folder, entrypoint, input, env: terminal.env });
  const disagreement = differenceOf(policy, input, account);
  const reasons = got.reasons.map((reason) => ({ ...reason, madeBy: madeBy(reason.code, account) }));
  const explanation: Explanation = {
    entrypoint,
    revision: policy.revision,
    input: asked.shown,
    guessed,
    got: { ...got, reasons },
    madeBy: account.makers,
    because: account.held,
    missed: account.missed,
    ...(disagreement !== undefined && { disagreement }),
  };
  terminal.out(json === true ? jsonLine(explanation) : explainText(explanation));
  return disagreement === undefined && guessed.length === 0 ? 0 : 4;
}

/** Where no rule has the code as a text, it was put together, and the decision itself is all that can be named. */
function madeBy(code: string, { makers, makersOf }: RegoAccount): readonly Maker[] {
  const found = makersOf(code);
  return found.length > 0 ? found : makers;
}

async function questionOf({ input, decision, records = [] }: PolicyExplainOptions): Promise<Fixture | Recorded> {
  if (input !== undefined && decision === undefined) return readFixture(input);
  if (decision !== undefined && input === undefined && records.length > 0) return await readRecorded(decision, records);
  throw new StartError('say what is asked: --input FILE, or --decision ID with --records FILE');
}

/** What a record could not give, said to stderr, and what of it the decision rests on all the same. */
async function guessedOf(asked: Fixture | Recorded, policy: Policy, { err }: Terminal): Promise<readonly string[]> {
  if (!('erased' in asked)) return [];
  const { erased, masked, others, decided, revision = 'an unknown revision' } = asked;
  const guessed = await readsOfUnknown(asked, policy);
  err(`behalf: it was decided then: ${decided}, by the policy at ${revision}\n`);
  if (erased.length > 0) err(`behalf: not recorded, and taken for absent here: ${erased.join(', ')}\n`);
  if (masked.length > 0) err(`behalf: recorded under another name: ${masked.join(', ')}\n`);
  if (guessed.length > 0) err(`behalf: the rules read ${guessed.join(', ')}, so that this is a guess\n`);
  if (others > 0) err(`behalf: it is the first of a batch; ${others} others were asked about by themselves\n`);
  return guessed;
}

function differenceOf(policy: Policy, input: PolicyInput, { said, error }: RegoAccount): string | undefined {
  let ours: unknown;
  try {
    ours = policy.evaluate(JSON.stringify(input));
  } catch (fault) {
    return error === undefined
      ? `OPA says ${shown(said)}, Behalf's runtime fails: ${(fault as Error).message}`
      : undefined;
  }
  if (error !== undefined) return `OPA fails: ${error}; Behalf's runtime says ${shown(ours)}`;
  return isSameSaid(ours, said) ? undefined : `OPA says ${shown(said)}, Behalf's runtime says ${shown(ours)}`;
}

function shown(value: unknown): string {
  return JSON.stringify(value) ?? 'nothing (undefined)';
}
