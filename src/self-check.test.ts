import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createLog } from './log.ts';
import { loadPolicy } from './policy/load.ts';
import type { Policy } from './policy/policy.ts';
import { selfCheck } from './self-check.ts';

const log = createLog({ level: 'silent' });
const bundle = fileURLToPath(new URL('../policies/bundle.tar.gz', import.meta.url));

describe('the self-check', () => {
  it('passes with the shipped policy (Y11)', async () => {
    const policy = await loadPolicy({ path: bundle, entrypoint: 'behalf/authz/decision' });
    await expect(selfCheck(policy, log)).resolves.toBeUndefined();
  });

  it('does not judge what a policy says of a row that it does not know', async () => {
    const broken = {
      revision: 'r',
      entrypoint: 'e',
      evaluate: () => {
        throw new Error('broken');
      },
    } as unknown as Policy;
    const lines: string[] = [];
    await selfCheck(broken, createLog({ sink: { write: (line) => lines.push(line) } }));
    expect(lines.filter((line) => line.includes('the policy fails'))).toHaveLength(1);
  });
});
