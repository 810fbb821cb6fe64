import { existsSync, statSync } from 'node:fs';
import { loadConfig } from '../config/load.ts';
import { fileReason, shownPath } from '../config/problem.ts';
import type { Config } from '../config/schema.ts';
import { loadMatrix } from '../matrix/compile.ts';
import type { Matrix } from '../matrix/hop.ts';
import { type Draft, draftMatrix } from '../matrix/learn/draft-matrix.ts';
import { readRecord } from '../matrix/learn/read-record.ts';
import { createTally, type Tally } from '../matrix/learn/tally.ts';
import { type Unused, unusedOf } from '../matrix/learn/unused.ts';
import { StartError } from './failure.ts';
import { learnedText } from './matrix-learned-text.ts';
import { linesOf } from './matrix-lines.ts';
import { writeOut } from './matrix-out.ts';
import type { MatrixOptions } from './matrix-source.ts';
import { withStore } from './open-cli-store.ts';
import { type ExitCode, jsonLine, type Terminal } from './terminal.ts';

export interface LearnOptions extends MatrixOptions {
  readonly matrix?: string;
  readonly out?: string;
}

/** What was learnt from records. */
export interface Learned {
  readonly tally: Tally;
  /** Lines that are no decision record. */
  readonly skipped: number;
  readonly draft: Draft;
  /** Undefined where there is no matrix to compare with. */
  readonly unused: Unused | undefined;
}

const MIB = 1024 * 1024;
const PROGRESS_EVERY = 64 * MIB;

/**
 * Drafts rows from decision records, and lists what nothing used. Files are streamed: their size does not matter.
 * @throws ConfigError; StartError where a file cannot be read
 */
export async function learn(files: readonly string[], options: LearnOptions, terminal: Terminal): Promise<ExitCode> {
  const config = configOf(options, terminal);
  const matrix = matrixOf(options, config, terminal);
  const tally = createTally();
  let skipped = 0;
  for (const file of files) skipped += await readFile(file, tally, terminal);
  if (skipped > 0) terminal.err(`behalf: lines that are no decision records, and were left out: ${skipped}\n`);
  const draft = draftMatrix(tally, matrix);
  const unused = matrix && unusedOf(matrix, tally, await liveGrants(config, options, terminal));
  const learned: Learned = { tally, skipped, draft, unused };
  writeOut(options.json === true ? jsonLine(summary(learned)) : learnedText(learned), options.out, terminal);
  return 0;
}

/** behalf.yaml, where it is named or at hand. */
function configOf(options: LearnOptions, { env }: Terminal): Config | undefined {
  const path = configPath(options, env);
  if (options.config === undefined && env['BEHALF_CONFIG'] === undefined && !existsSync(path)) return undefined;
  return loadConfig({ path, env, set: options.set ?? [], secrets: 'warn' }).config;
}

function configPath({ config }: LearnOptions, env: Terminal['env']): string {
  return config ?? env['BEHALF_CONFIG'] ?? 'behalf.yaml';
}

/** The first rows of all are learnt where there is no matrix yet. */
function matrixOf({ matrix }: LearnOptions, config: Config | undefined, { err }: Terminal): Matrix | undefined {
  const path = matrix ?? config?.matrix;
  if (path !== undefined) return loadMatrix(path);
  err('behalf: no matrix is known (--matrix, --config): all is new, and nothing can be unused\n');
  return undefined;
}

async function readFile(file: string, tally: ReturnType<typeof createTally>, { err }: Terminal): Promise<number> {
  let [skipped, read, said] = [0, 0, 0];
  try {
    const total = statSync(file).size;
    for await (const line of linesOf(file)) {
      read += line.length;
      if (read - said >= PROGRESS_EVERY) {
        said = read;
        err(`behalf: ${shownPath(file)}: ${Math.floor(read / MIB)} of ${Math.ceil(total / MIB)} MiB\n`);
      }
      const observation = line === '' ? undefined : readRecord(line);
      if (observation !== undefined) tally.add(observation);
      else if (line !== '') skipped += 1;
    }
  } catch (error) {
    throw new StartError(`${shownPath(file)} cannot be read: ${fileReason(error)}`, { cause: error });
  }
  return skipped;
}

/** Grants that live now; undefined where no store outlives its process, or none was ever written. */
async function liveGrants(
  config: Config | undefined,
  options: LearnOptions,
  terminal: Terminal,
): Promise<readonly string[] | undefined> {
  if (!config?.store.startsWith('sqlite:') || !existsSync(config.store.slice('sqlite:'.length))) return undefined;
  const now = Date.now();
  return withStore({ ...options, config: configPath(options, terminal.env) }, terminal, async ({ store }) =>
    [...store.grants()].filter(({ id, expiresAt }) => expiresAt > now && !store.isGrantRevoked(id)).map(({ id }) => id),
  );
}

function summary({ tally, skipped, draft, unused }: Learned): Record<string, unknown> {
  const { records, first, last, connections, beyond, rows } = tally;
  return {
    records,
    skipped,
    first,
    last,
    draft,
    connections,
    beyond,
    observed: [...rows].flatMap(([hop, { observed }]) =>
      observed.size === 0 ? [] : [{ hop, wouldDeny: Object.fromEntries(observed) }],
    ),
    unused,
  };
}
