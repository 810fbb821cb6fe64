/** `policy replay`, `diff` and `promote`. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { CommandParts } from './command-parts.ts';
import type { PromoteOptions } from './policy-promote.ts';
import type { DiffOptions, ReplayOptions } from './policy-replay.ts';

/** Adds `policy replay`, `diff` and `promote`. */
export function addPolicyChange(policy: Command, parts: CommandParts): void {
  addReplay(policy, parts);
  addDiff(policy, parts);
  addPromote(policy, parts);
}

function addReplay(policy: Command, { terminal, done, examples }: CommandParts): void {
  reporting(policy.command('replay'))
    .argument('<records...>', 'decision records: files of NDJSON')
    .description('Ask a candidate what it would have said of recorded decisions, and tell what would change.')
    .addHelpText(
      'before',
      examples([
        'policy replay records.ndjson --candidate bundle.tar.gz',
        'policy replay records-*.ndjson --candidate ./policies --format markdown --out comment.md',
        'policy replay records.ndjson --candidate bundle.tar.gz --fail-on flips',
      ]),
    )
    .requiredOption('--candidate <bundle>', 'a bundle.tar.gz, or a folder of Rego, which is compiled')
    .option('--live <bundle>', 'compare with what this one says, instead of with what was recorded')
    .action(async (records: readonly string[], options: ReplayOptions) => {
      const { replayRecords } = await import('./policy-replay.ts');
      done(await replayRecords(records, options, terminal));
    });
}

function addDiff(policy: Command, { terminal, done, examples }: CommandParts): void {
  reporting(policy.command('diff'))
    .argument('<live>', 'a bundle.tar.gz, or a folder of Rego: what decides now')
    .argument('<candidate>', 'the one to compare with it')
    .description('Ask two policies about recorded requests, and tell where they differ.')
    .addHelpText(
      'before',
      examples([
        'policy diff policies/bundle.tar.gz candidate.tar.gz --against records.ndjson',
        'policy diff main.tar.gz ./policies --against records.ndjson --format markdown --fail-on flips',
      ]),
    )
    .requiredOption('--against <records...>', 'decision records: files of NDJSON')
    .action(async (live: string, candidate: string, options: DiffOptions) => {
      const { diffPolicies } = await import('./policy-replay.ts');
      done(await diffPolicies({ live, candidate }, options, terminal));
    });
}

function addPromote(policy: Command, { terminal, done, common, examples }: CommandParts): void {
  common(policy.command('promote'))
    .description('Put the shadow policy in the place of the live one, if it agreed. Exits with 4 where it did not.')
    .addHelpText(
      'before',
      examples([
        'policy promote',
        'policy promote --records records.ndjson --accept-disagreements 3',
        'policy promote --dry-run --json',
      ]),
    )
    .option('--records <files...>', 'count what these decision records say, instead of asking the running process')
    .option('--metrics <url>', 'ask this /metrics, instead of the one that the configuration names')
    .option('--accept-disagreements <number>', 'how many Checks may be decided otherwise', wholeNumber, 0)
    .option('--min-checks <number>', 'how many Checks the shadow must have been asked about', wholeNumber, 1)
    .option('--dry-run', 'judge, but replace nothing')
    .action(async (options: PromoteOptions) => {
      const { promote } = await import('./policy-promote.ts');
      done(await promote(options, terminal));
    });
}

function reporting(command: Command): Command {
  return command
    .option('-e, --entrypoint <rule>', 'the rule that decides; behalf/authz/decision where nothing names another')
    .option('-m, --matrix <file>', 'list the rows that no record is of')
    .addOption(new Option('--format <format>', 'what to write').choices(['text', 'json', 'markdown']).default('text'))
    .option('--json', 'print JSON: --format json')
    .option('--out <file>', 'write here, instead of to stdout')
    .addOption(
      new Option(
        '--fail-on <what>',
        'exit with 4: flips (also errors, and when nothing could be compared) or changes (also other reasons)',
      ).choices(['flips', 'changes']),
    );
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}
