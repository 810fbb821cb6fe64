import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileReason, shownPath } from '../config/problem.ts';
import { loadMatrix } from '../matrix/compile.ts';
import { readBundle } from '../policy/bundle.ts';
import { loadPolicy } from '../policy/load.ts';
import type { Policy } from '../policy/policy.ts';
import { readDecision } from '../policy/replay/read-decision.ts';
import { type Replayable, replay } from '../policy/replay/replay.ts';
import { type ReplayReport, ReplayTally } from '../policy/replay/tally.ts';
import { createWatcher } from '../policy/replay/watcher.ts';
import { compilePolicy } from '../policy/wasm.ts';
import { StartError } from './failure.ts';
import { linesOf } from './matrix-lines.ts';
import { writeOut } from './matrix-out.ts';
import { compileRego } from './policy-compile.ts';
import { replayMarkdown } from './policy-replay-markdown.ts';
import { replayText } from './policy-replay-text.ts';
import { type ExitCode, jsonLine, type Terminal } from './terminal.ts';

interface ReportOptions {
  readonly entrypoint?: string;
  readonly matrix?: string;
  readonly format: 'text' | 'json' | 'markdown';
  readonly json?: boolean;
  readonly out?: string;
  readonly failOn?: 'flips' | 'changes';
}

export interface ReplayOptions extends ReportOptions {
  readonly candidate: string;
  readonly live?: string;
}

export interface DiffOptions extends ReportOptions {
  readonly against: readonly string[];
}

/** A report, and what was compared with what. */
export interface Comparable {
  readonly report: ReplayReport;
  /** Revisions; of `live`, undefined where records are compared with. */
  readonly candidate: string;
  readonly live: string | undefined;
}

const DECISION = 'behalf/authz/decision';
const MIB = 1024 * 1024;
const PROGRESS_EVERY = 16 * MIB;

/**
 * Asks a candidate about recorded decisions. Files are streamed: their size does not matter.
 * @returns 4 where `--fail-on` says so
 * @throws StartError, BundleError, ConfigError
 */
export async function replayRecords(
  files: readonly string[],
  options: ReplayOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const entrypoint = options.entrypoint ?? DECISION;
  const candidate = await replayable(options.candidate, entrypoint, terminal);
  const live = options.live === undefined ? undefined : await replayable(options.live, entrypoint, terminal);
  const tally = new ReplayTally();
  for (const file of files) await readFile(file, { tally, candidate, live }, terminal);
  const rows = options.matrix === undefined ? undefined : [...loadMatrix(options.matrix).hops.keys()];
  const report = tally.report(rows);
  const compared = { report, candidate: candidate.policy.revision, live: live?.policy.revision };
  writeOut(written(compared, options), options.out, terminal);
  return failed(report, options.failOn) ? 4 : 0;
}

/** Compares two policies: a replay whose `before` is what the first one says now. */
export function diffPolicies(
  policies: { readonly live: string; readonly candidate: string },
  { against, ...options }: DiffOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  return replayRecords(against, { ...options, ...policies }, terminal);
}

async function replayable(path: string, entrypoint: string, terminal: Terminal): Promise<Replayable> {
  const policy = await open(path, entrypoint, terminal);
  if (policy.bundle === undefined) throw new StartError(`${shownPath(path)} is no bundle`);
  return { policy, watcher: await createWatcher(policy.bundle, entrypoint) };
}

async function open(path: string, entrypoint: string, { env }: Terminal): Promise<Policy> {
  if (!isRego(path)) return loadPolicy({ path, entrypoint });
  const bundle = readBundle(await compileRego({ folder: path, entrypoint, env }));
  return Object.assign(await compilePolicy({ bundle, entrypoint }), { bundle });
}

/** A folder in which nothing is compiled yet. */
function isRego(path: string): boolean {
  return (statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false) && !existsSync(join(path, 'policy.wasm'));
}

interface Replaying {
  readonly tally: ReplayTally;
  readonly candidate: Replayable;
  readonly live: Replayable | undefined;
}

async function readFile(file: string, { tally, candidate, live }: Replaying, { err }: Terminal): Promise<void> {
  let [read, said] = [0, 0];
  try {
    const total = statSync(file).size;
    for await (const line of linesOf(file)) {
      read += line.length + 1;
      if (read - said >= PROGRESS_EVERY) {
        said = read;
        err(`behalf: ${shownPath(file)}: ${Math.floor(read / MIB)} of ${Math.ceil(total / MIB)} MiB\n`);
      }
      const decision = line === '' ? undefined : readDecision(line);
      if (decision !== undefined) tally.add(decision, replay(decision, candidate, live));
      else if (line !== '') tally.skipped += 1;
    }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    throw new StartError(`${shownPath(file)} cannot be read: ${fileReason(error)}`, { cause: error });
  }
}

function written(compared: Comparable, { format, json }: ReportOptions): string {
  if (json === true || format === 'json') return jsonLine(compared);
  return format === 'markdown' ? replayMarkdown(compared) : replayText(compared);
}

/** A replay of nothing proves nothing. */
function failed({ compared, changes }: ReplayReport, failOn: ReportOptions['failOn']): boolean {
  if (failOn === undefined) return false;
  const flips = changes.flip_to_allow + changes.flip_to_deny + changes.error;
  return compared === 0 || flips > 0 || (failOn === 'changes' && changes.reason > 0);
}
