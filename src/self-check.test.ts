import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createLog } from './log.ts';
import { loadPolicy } from './policy/load.ts';
import type { Policy } from './policy/policy.ts';
import { Refusal } from './refusals.ts';
import { selfCheck } from './self-check.ts';

const log = createLog({ level: 'silent' });
const bundle = fileURLToPath(new URL('../policies/bundle.tar.gz', import.meta.url));

describe('the self-check', () => {
  it('passes with the shipped policy (Y11)', async () => {
    const policy = await loadPolicy({ path: bundle, entrypoint: 'behalf/authz/decision' });
    await expect(selfCheck(policy, log)).resolves.toBeUndefined();
  });

  it('fails where the policy cannot be evaluated, and says so (Y11)', async () => {
    const broken: Policy = {
      revision: 'r',
      entrypoint: 'e',
      budget: 1,
      lastTicks: 1,
      evaluate: () => {
        throw new Refusal('policy_trap', 'unreachable');
      },
    };
    await expect(selfCheck(broken, log)).rejects.toThrow(/^the policy fails on a row.*policy_trap: unreachable/);
  });

  it('does not judge what a policy says of a row that it does not know', async () => {
    const silent: Policy = { revision: 'r', entrypoint: 'e', budget: 1, lastTicks: 1, evaluate: () => undefined };
    await expect(selfCheck(silent, log)).resolves.toBeUndefined();
  });
});
