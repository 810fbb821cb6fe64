import { askPolicy } from '../ask-policy.ts';
import { compareVerdicts } from '../compare.ts';
import type { PolicyInput } from '../input.ts';
import type { Policy } from '../policy.ts';
import type { Comparison, Verdict } from '../verdict.ts';
import type { Decision } from './read-decision.ts';
import { replayQuestions } from './replay-questions.ts';
import type { Question } from './unknown-parts.ts';
import type { Watcher } from './watcher.ts';

/** A policy, and its watched twin. */
export interface Replayable {
  readonly policy: Policy;
  readonly watcher: Watcher;
}

/** What became of one record. */
export type Replayed =
  | { readonly kind: 'compared'; readonly comparison: Comparison; readonly live: Verdict; readonly candidate: Verdict }
  /** `read`: the pointers that a policy reads and the record has not kept. */
  | { readonly kind: 'undecidable'; readonly read: readonly string[] }
  | { readonly kind: 'earlier' };

/**
 * Asks a candidate what it would have said of a recorded decision. Where it reads what the record has not kept, the answer
 * is that this cannot be decided: nothing is guessed.
 * @param live the policy to compare with; what the record says was said, where it is absent
 */
export function replay(decision: Decision, candidate: Replayable, live?: Replayable): Replayed {
  if (decision.reached === 'earlier') return { kind: 'earlier' };
  const questions = questionsOf(decision);
  if (questions === undefined) return { kind: 'undecidable', read: ['/input'] };
  const read = [candidate, ...(live === undefined ? [] : [live])].flatMap((one) => readsOf(one, questions));
  if (read.length > 0) return { kind: 'undecidable', read: [...new Set(read)] };
  const verdict = ask(candidate, questions);
  const before = live === undefined ? recorded(decision, verdict) : ask(live, questions);
  return { kind: 'compared', comparison: compareVerdicts(before, verdict), live: before, candidate: verdict };
}

function questionsOf(decision: Decision): readonly Question[] | undefined {
  try {
    return replayQuestions(decision);
  } catch {
    return undefined;
  }
}

function readsOf({ policy, watcher }: Replayable, questions: readonly Question[]): readonly string[] {
  return questions.flatMap((question) => watcher.readsOf(question, policy.budget));
}

/** The stand-ins stay where they are: by now it is known that they are not read. */
function ask({ policy }: Replayable, questions: readonly Question[]): Verdict {
  return askPolicy(
    policy,
    questions.map(({ input }) => input as PolicyInput),
  );
}

/** Reasons that were erased can neither agree nor differ. */
function recorded({ said }: Decision, candidate: Verdict): Verdict {
  return { ...said, reasons: said.reasons ?? candidate.reasons };
}
