/** The verbs about the matrix: `matrix lint`, `matrix render` and `matrix learn`. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { CommandParts } from './command-parts.ts';
import type { LearnOptions } from './matrix-learn.ts';
import type { RenderOptions } from './matrix-render.ts';
import type { MatrixOptions } from './matrix-source.ts';

/** Adds `matrix` and its verbs. */
export function addMatrix(program: Command, parts: CommandParts): void {
  const matrix = program.command('matrix').description('Judge the auth matrix, show it, and learn it from traffic.');
  addLint(matrix, parts);
  addRender(matrix, parts);
  addLearn(matrix, parts);
}

function addLint(matrix: Command, { terminal, done, examples }: CommandParts): void {
  common(matrix.command('lint'))
    .argument('[file]', 'the matrix, instead of the one that the configuration names')
    .description(
      'Judge what is shared, lives too long, cannot be revoked in time, or is excepted. Exits with 4 on errors.',
    )
    .addHelpText('before', examples(['matrix lint', 'matrix lint demo/matrix.yaml', 'matrix lint --json']))
    .action(async (file: string | undefined, options: MatrixOptions) => {
      const { lint } = await import('./matrix-lint.ts');
      done(lint(file, options, terminal));
    });
}

function addRender(matrix: Command, { terminal, done, examples }: CommandParts): void {
  common(matrix.command('render'))
    .argument('[file]', 'the matrix, instead of the one that the configuration names')
    .description('Show the matrix for review: Markdown, or one HTML page to sign.')
    .addHelpText(
      'before',
      examples([
        'matrix render --format html --out matrix.html',
        'matrix render demo/matrix.yaml --title "The demo"',
        'matrix render --date 2026-12-01',
      ]),
    )
    .addOption(new Option('--format <format>', 'what to write').choices(['md', 'html']).default('md'))
    .option('--out <file>', 'write here, instead of to stdout')
    .option('--title <text>', 'what the page is called')
    .option('--date <day>', 'the day that the page is of, instead of today', day)
    .action(async (file: string | undefined, options: RenderOptions) => {
      const { render } = await import('./matrix-render.ts');
      done(render(file, options, terminal));
    });
}

function addLearn(matrix: Command, { terminal, done, examples }: CommandParts): void {
  common(matrix.command('learn'))
    .argument('<records...>', 'decision records: files of NDJSON')
    .description('Draft rows for what no row was for, and list what nothing used. The draft has holes to fill.')
    .addHelpText(
      'before',
      examples([
        'matrix learn records.ndjson',
        'matrix learn records-*.ndjson --out draft.yaml',
        'matrix learn --json records.ndjson',
      ]),
    )
    .option('-m, --matrix <file>', 'the matrix, instead of the one that the configuration names')
    .option('--out <file>', 'write the draft here, instead of to stdout')
    .action(async (records: readonly string[], options: LearnOptions) => {
      const { learn } = await import('./matrix-learn.ts');
      done(await learn(records, options, terminal));
    });
}

/** Without a default: a file that is named can be judged where there is no configuration. */
function common(command: Command): Command {
  return command
    .option('-c, --config <file>', 'the configuration (or BEHALF_CONFIG); behalf.yaml where no matrix is named')
    .option('--set <key=value>', 'override one key of it; repeatable', collect)
    .option('--json', 'print JSON');
}

function collect(text: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, text];
}

function day(text: string): number {
  const time = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time) || !new Date(time).toISOString().startsWith(text))
    throw new InvalidArgumentError('It must be a day such as 2026-12-01.');
  return time;
}
