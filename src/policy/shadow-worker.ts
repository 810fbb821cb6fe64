/**
 * The shadow's own thread: it asks the candidate, so that whatever a candidate does, no Check waits for it. It has the
 * lowest priority: on a busy processor Checks come first, and what the shadow cannot keep up with is dropped. Started by
 * shadow.ts.
 */
import { setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import { askPolicy } from './ask-policy.ts';
import type { PolicyInput } from './input.ts';
import type { Policy } from './policy.ts';
import type { FromShadow, ShadowQuestion, ToShadow } from './shadow-protocol.ts';
import { compilePolicy } from './wasm.ts';

const LOWEST = 19;

let candidate: Promise<Policy> | undefined;

// setpriority(2): on Linux a thread has a priority of its own; elsewhere this would slow down the whole process.
if (process.platform === 'linux') setPriority(0, LOWEST);

parentPort?.on('message', (message: ToShadow) => {
  if (message.kind === 'load') {
    const { bundle, entrypoint, budget } = message;
    candidate = compilePolicy({ bundle, entrypoint, budget });
    candidate.catch(() => undefined); // whoever asks learns of it
  } else {
    void answer(message.questions);
  }
});

async function answer(questions: readonly ShadowQuestion[]): Promise<void> {
  const policy = await candidate;
  if (policy === undefined) return;
  const answers: FromShadow = questions.map(({ id, inputs }) => [
    id,
    askPolicy(
      policy,
      inputs.map((input) => JSON.parse(input) as PolicyInput),
    ),
  ]);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  parentPort?.postMessage(answers);
}
