/** `policy init`, `build`, `check`, `eval` and `bench`. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { CommandParts } from './command-parts.ts';
import type { BenchOptions } from './policy-bench.ts';
import type { BuildOptions } from './policy-build.ts';
import type { CheckOptions } from './policy-check.ts';
import type { EvalOptions } from './policy-eval.ts';

/** Adds `policy init`, `build`, `check`, `eval` and `bench`. */
export function addPolicyAuthoring(policy: Command, parts: CommandParts): void {
  addInit(policy, parts);
  addBuild(policy, parts);
  addCheck(policy, parts);
  addEval(policy, parts);
  addBench(policy, parts);
}

const DECISION = 'behalf/authz/decision';

function addInit(policy: Command, { terminal, done, examples }: CommandParts): void {
  policy
    .command('init')
    .argument('[folder]', 'a new folder, or an empty one', '.')
    .description(
      'Make a policy folder that passes its own tests: rules, tests, fixtures, the library, editor settings.',
    )
    .addHelpText('before', examples(['policy init my-policy', 'cd my-policy && behalf policy test']))
    .option('--json', 'print JSON')
    .action(async (folder: string, options: { readonly json?: boolean }) => {
      const { init } = await import('./policy-init.ts');
      done(init(folder, options, terminal));
    });
}

function addBuild(policy: Command, { terminal, done, examples }: CommandParts): void {
  policy
    .command('build')
    .argument('[folder]', 'of Rego', '.')
    .description('Compile a folder to a bundle with OPA: the same Rego becomes the same bytes. Exits with 3 on errors.')
    .addHelpText(
      'before',
      examples([
        'policy build policies -o bundle.tar.gz',
        'policy build --revision "$(git rev-parse --short HEAD)"',
        'policy build --signing-key key.pem --signing-alg ES256 --key-id ci',
      ]),
    )
    .option('-o, --out <file>', 'what to write', 'bundle.tar.gz')
    .option('--entrypoint <rule>', 'the rule that decides', rule, DECISION)
    .option('--revision <text>', "what the bundle calls itself, instead of the manifest's revision", revision)
    .option('--signing-key <file>', 'a private key in PEM: sign the bundle')
    .addOption(
      new Option('--signing-alg <algorithm>', 'how to sign').choices(['ES256', 'RS256', 'EdDSA']).default('ES256'),
    )
    .option('--key-id <text>', 'what the key is called in policy.keys; "default" where left out')
    .option('--scope <text>', 'what the signature is for, as policy.scope states it')
    .option('--json', 'print JSON')
    .action(async (folder: string, options: BuildOptions) => {
      const { build } = await import('./policy-build.ts');
      done(await build(folder, options, terminal));
    });
}

function addCheck(policy: Command, { terminal, done, examples }: CommandParts): void {
  policy
    .command('check')
    .argument('[path]', 'a folder of Rego, or a bundle', '.')
    .description(
      'Find what production would refuse or decide wrongly: builtins, misspelt input, negations of what can fail, results. Exits with 3 where nothing loads, with 4 on other errors.',
    )
    .addHelpText(
      'before',
      examples(['policy check', 'policy check policies --json', 'policy check bundle.tar.gz -i fixtures/read.yaml']),
    )
    .option('-i, --input <file>', 'a fixture besides those in fixtures/; repeatable', collect, [])
    .option('--entrypoint <rule>', 'the rule that decides', rule, DECISION)
    .option('--json', 'print JSON')
    .action(async (path: string, options: CheckOptions) => {
      const { check } = await import('./policy-check.ts');
      done(await check(path, options, terminal));
    });
}

function addEval(policy: Command, { terminal, done, examples }: CommandParts): void {
  chosen(policy.command('eval'))
    .description(
      'Ask a policy once and say what a Check would make of it. Exits with 4 where the rule is undefined or fails.',
    )
    .addHelpText(
      'before',
      examples([
        'policy eval --bundle policies -i fixtures/read.yaml',
        'policy eval --config behalf.yaml -i - < input.json',
        'policy eval --bundle bundle.tar.gz --decision 01J… --records decisions.ndjson',
      ]),
    )
    .option('-i, --input <file>', 'a whole input in YAML or JSON; - for stdin')
    .option('--decision <id>', 'the input of a recorded decision instead')
    .option('--records <files...>', 'decision records: files of NDJSON')
    .action(async (options: EvalOptions) => {
      const { evaluate } = await import('./policy-eval.ts');
      done(await evaluate(options, terminal));
    });
}

function addBench(policy: Command, { terminal, done, examples }: CommandParts): void {
  chosen(policy.command('bench'))
    .description('Measure evaluations: time, memory, and the share of the budget (policy.budget) that they take.')
    .addHelpText(
      'before',
      examples([
        'policy bench --bundle policies -i fixtures/read.yaml -i fixtures/share.yaml',
        'policy bench --bundle bundle.tar.gz -i fixtures/read.yaml --count 100000 --json',
      ]),
    )
    .requiredOption('-i, --input <file>', 'a whole input in YAML or JSON; repeatable', collect)
    .option('--count <number>', 'how often each is evaluated', count, 2000)
    .action(async (options: BenchOptions) => {
      const { bench } = await import('./policy-bench.ts');
      done(await bench(options, terminal));
    });
}

/** Which policy is meant. */
function chosen(command: Command): Command {
  return command
    .option('--bundle <path>', 'a bundle, or a folder of Rego, which is compiled')
    .option('-c, --config <file>', 'the configuration (or BEHALF_CONFIG) that names a bundle; behalf.yaml where it is')
    .option('--set <key=value>', 'override one key of it; repeatable', collect)
    .option('--entrypoint <rule>', 'the rule to ask, instead of the one that decides', rule)
    .option('--json', 'print JSON');
}

function collect(text: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, text];
}

function rule(text: string): string {
  if (/^[A-Za-z_]\w*(?:\/[A-Za-z_]\w*)*$/.test(text)) return text;
  throw new InvalidArgumentError(`It must be a rule such as ${DECISION}.`);
}

function revision(text: string): string {
  if (/^[\x21-\x7e]{1,128}$/.test(text)) return text;
  throw new InvalidArgumentError('It must be 1 to 128 visible ASCII characters.');
}

function count(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= 10_000_000) return value;
  throw new InvalidArgumentError('It must be a whole number from 1 to 10000000.');
}
