/** `policy test`, `coverage` and `explain`. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { CommandParts } from './command-parts.ts';
import type { PolicyCoverageOptions } from './policy-coverage.ts';
import type { PolicyExplainOptions } from './policy-explain.ts';
import type { PolicyTestOptions } from './policy-test.ts';

/** Adds `policy test`, `coverage` and `explain`. */
export function addPolicyTesting(policy: Command, parts: CommandParts): void {
  addTest(policy, parts);
  addCoverage(policy, parts);
  addExplain(policy, parts);
}

const DECISION = 'behalf/authz/decision';

function addTest(policy: Command, { terminal, done, examples }: CommandParts): void {
  common(policy.command('test'))
    .description(
      'Run the Rego tests and the matrix suites in the runtime that decides Checks, and compare with OPA. Exits with 3 where the Rego does not compile, with 4 where a test fails.',
    )
    .addHelpText(
      'before',
      examples([
        'policy test policies',
        "policy test policies --filter '*approval*' --verbose",
        'policy test policies --watch',
        'policy test policies --threshold 100 --format github',
      ]),
    )
    .option('--filter <glob>', 'only tests with such a name; * is any text')
    .addOption(
      new Option('--format <format>', 'what to print').choices(['pretty', 'json', 'junit', 'github']).default('pretty'),
    )
    .option('--coverage', 'say which lines no test evaluates')
    .option('--threshold <percent>', 'fail where less of the lines is covered', percent)
    .option('--ignore <glob...>', 'files whose coverage does not count, such as lib/*')
    .option('--allow-empty', 'no test at all is no failure')
    .option('--verbose', 'name the tests that passed as well')
    .option('--watch', 'run again after each save')
    .action(async (folder: string, options: PolicyTestOptions) => {
      const { policyTest } = await import('./policy-test.ts');
      done(await policyTest(folder, options, terminal));
    });
}

function addCoverage(policy: Command, { terminal, done, examples }: CommandParts): void {
  common(policy.command('coverage'))
    .description('Say which lines of Rego no test and no suite evaluates, as OPA sees it.')
    .addHelpText('before', examples(['policy coverage policies', "policy coverage --threshold 100 --ignore 'lib/*'"]))
    .option('--threshold <percent>', 'exit with 4 where less of the lines is covered', percent)
    .option('--ignore <glob...>', 'files whose coverage does not count, such as lib/*')
    .action(async (folder: string, options: PolicyCoverageOptions) => {
      const { policyCoverage } = await import('./policy-coverage.ts');
      done(await policyCoverage(folder, options, terminal));
    });
}

function addExplain(policy: Command, { terminal, done, examples }: CommandParts): void {
  common(policy.command('explain'))
    .description('Say why policy decides as it does: each reason with its rule and line, and what did not hold.')
    .addHelpText(
      'before',
      examples([
        'policy explain policies --input input.json',
        'policy explain policies --decision ID --records records.ndjson',
        'policy explain policies --input input.json --bundle bundle.tar.gz --json',
      ]),
    )
    .option('-i, --input <file>', 'a whole policy input, as JSON or YAML; - is stdin')
    .option('--decision <id>', 'a recorded decision, instead of an input')
    .option('--records <files...>', 'where it is recorded: files of NDJSON')
    .option('--bundle <file>', 'the bundle that decides, instead of what the folder compiles to')
    .action(async (folder: string, options: PolicyExplainOptions) => {
      const { policyExplain } = await import('./policy-explain.ts');
      done(await policyExplain(folder, options, terminal));
    });
}

function common(command: Command): Command {
  return command
    .argument('[folder]', 'of Rego, as a bundle is built from it', '.')
    .option('--entrypoint <rule>', 'the rule that decides', rule, DECISION)
    .option('--json', 'print JSON');
}

function rule(text: string): string {
  if (/^[A-Za-z_]\w*(?:\/[A-Za-z_]\w*)*$/.test(text)) return text;
  throw new InvalidArgumentError(`It must be a rule such as ${DECISION}.`);
}

function percent(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 100))
    throw new InvalidArgumentError('It must be a number from 0 to 100.');
  return value;
}
