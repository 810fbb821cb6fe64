import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { LOG_LEVELS } from '../log.ts';
import { VERSION } from '../provenance/version.ts';
import { addEnvoy } from './envoy-commands.ts';
import { addGrants } from './grant-commands.ts';
import { catchHangUps } from './hang-up.ts';
import type { HealthOptions } from './health.ts';
import { addMatrix } from './matrix-commands.ts';
import { addPolicy } from './policy-commands.ts';
import { addRevoke } from './revoke-commands.ts';
import type { ServeOptions } from './serve.ts';
import { type CommonOptions, type ExitCode, jsonLine, type Terminal } from './terminal.ts';

/**
 * Runs one command line. Each verb is loaded when it is asked for: a healthcheck must not load a server. Never rejects.
 * @param argv without the program's name
 * @returns the exit code (design §12)
 */
export async function runCli(argv: readonly string[], terminal: Terminal): Promise<ExitCode> {
  let exitCode: ExitCode = 0;
  const program = createProgram(terminal, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    // commander has said what is wrong by now; help and version are no failures.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    const { failureText, toFailure } = await import('./failure.ts');
    const failure = toFailure(error);
    const isServing = argv[0] === 'serve';
    const text = argv.includes('--json') ? jsonLine({ ok: false, ...failure }) : failureText(failure);
    // The stdout of `serve` is for decision records alone.
    if (argv.includes('--json') && !isServing) terminal.out(text);
    else terminal.err(text);
    return failure.exitCode;
  }
}

function createProgram(terminal: Terminal, done: (code: ExitCode) => void): Command {
  const program = new Command('behalf');
  program
    .description('Envoy external authorization for AI agents: who calls, on whose behalf, may they, and the proof.')
    .version(VERSION)
    .exitOverride()
    .configureOutput({
      writeOut: terminal.out,
      writeErr: terminal.err,
      outputError: (text, write) => write(text.replace(/^error: /, 'behalf: ').replace('\n(', ' (')),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .addHelpText(
      'before',
      examples([
        'serve',
        'validate --json',
        'health',
        'grants list',
        'revoke agent NAME --reason …',
        'config schema matrix',
      ]),
    )
    .addHelpText(
      'after',
      '\nExit codes: 0 ok, 1 unknown error, 2 bad arguments or config, 3 policy does not load, 4 checks failed.',
    );
  addServe(program, terminal, done);
  addValidate(program, terminal, done);
  addHealth(program, terminal, done);
  addConfig(program, terminal);
  const parts = { terminal, done, common: (command: Command) => common(command, terminal), examples };
  addGrants(program, parts);
  addRevoke(program, parts);
  addEnvoy(program, parts);
  addMatrix(program, parts);
  addPolicy(program, parts);
  return program;
}

type Done = (code: ExitCode) => void;

function addServe(program: Command, terminal: Terminal, done: Done): void {
  common(program.command('serve'), terminal)
    .description('Answer Envoy until SIGTERM. SIGHUP, or a changed file, reloads.')
    .addHelpText(
      'before',
      examples(['serve', 'serve --config /etc/behalf/behalf.yaml', 'serve --set listen.check=127.0.0.1:0']),
    )
    .addOption(new Option('--log-level <level>', 'how much to log to stderr').choices(LOG_LEVELS).default('info'))
    .action(async (options: ServeOptions) => {
      // Before everything that takes time: a reload may be asked for while the process starts.
      const onHangUp = catchHangUps();
      const { serve } = await import('./serve.ts');
      done(await serve(options, terminal, onHangUp));
    });
}

function addValidate(program: Command, terminal: Terminal, done: Done): void {
  common(program.command('validate'), terminal)
    .description('Check config, matrix and policy against each other. Starts nothing.')
    .addHelpText('before', examples(['validate', 'validate --config demo/behalf.yaml', 'validate --json']))
    .action(async (options: CommonOptions) => {
      const { validate } = await import('./validate.ts');
      done(await validate(options, terminal));
    });
}

function addHealth(program: Command, terminal: Terminal, done: Done): void {
  common(program.command('health'), terminal)
    .description('Ask the running process whether it decides Checks. Exits with 0 or 1.')
    .addHelpText('before', examples(['health', 'health --address 127.0.0.1:9191 --timeout 500']))
    .option('--address <address>', 'ask here, instead of where the config says')
    .option('--timeout <ms>', 'give up after this many milliseconds', milliseconds, 2000)
    .action(async (options: HealthOptions) => {
      const { health } = await import('./health.ts');
      done(await health(options, terminal));
    });
}

function addConfig(program: Command, terminal: Terminal): void {
  program
    .command('config')
    .description('About the configuration files.')
    .command('schema')
    .description('Print the JSON Schema of behalf.yaml, or of matrix.yaml.')
    .addHelpText(
      'before',
      examples(['config schema > behalf.schema.json', 'config schema matrix > matrix.schema.json']),
    )
    .addArgument(new Argument('[file]', 'which file').choices(['config', 'matrix']).default('config'))
    .option('--json', 'print JSON, which this always does')
    .action(async (which: 'config' | 'matrix') => {
      const { schemaText } = await import('./config-schema.ts');
      terminal.out(schemaText(which));
    });
}

function common(command: Command, { env }: Terminal): Command {
  return command
    .option('-c, --config <file>', 'the configuration (or BEHALF_CONFIG)', env['BEHALF_CONFIG'] ?? 'behalf.yaml')
    .option('--set <key=value>', 'override one key of it; repeatable', collect)
    .option('--json', 'print JSON');
}

function collect(text: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, text];
}

function examples(lines: readonly string[]): string {
  return `Examples:\n${lines.map((line) => `  behalf ${line}\n`).join('')}`;
}

function milliseconds(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('It must be a whole number above 0.');
  return value;
}
