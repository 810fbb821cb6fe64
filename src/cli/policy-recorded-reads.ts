import type { Policy } from '../policy/policy.ts';
import { readDecision } from '../policy/replay/read-decision.ts';
import { replayQuestions } from '../policy/replay/replay-questions.ts';
import { createWatcher } from '../policy/replay/watcher.ts';
import type { Recorded } from './policy-recorded.ts';

/**
 * The parts that a record has not kept and that the policy reads for this input: an answer that rests on them is a guess.
 * @returns JSON pointers; those of all that was not kept where it cannot be told
 */
export async function readsOfUnknown(recorded: Recorded, policy: Policy): Promise<readonly string[]> {
  const { line, erased, masked } = recorded;
  const unknown = [...erased, ...masked];
  const decision = readDecision(line);
  if (unknown.length === 0) return [];
  if (decision === undefined || policy.bundle === undefined) return unknown;
  try {
    const [question] = replayQuestions(decision);
    const watcher = await createWatcher(policy.bundle, policy.entrypoint);
    return question === undefined ? unknown : watcher.readsOf(question, policy.budget);
  } catch {
    return unknown;
  }
}
