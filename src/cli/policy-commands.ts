/** The verbs about policy, in the order in which an author meets them. */
import type { Command } from 'commander';
import type { CommandParts } from './command-parts.ts';
import { addPolicyAuthoring } from './policy-author-commands.ts';
import { addPolicyChange } from './policy-change-commands.ts';
import { addPolicyTesting } from './policy-test-commands.ts';

/** Adds `policy` and its verbs. */
export function addPolicy(program: Command, parts: CommandParts): void {
  const policy = program.command('policy').description('Write, test, explain, compare and roll out Rego.');
  addPolicyAuthoring(policy, parts);
  addPolicyTesting(policy, parts);
  addPolicyChange(policy, parts);
}
