import { randomUUID } from 'node:crypto';
import { closeSync, copyFileSync, fsyncSync, lstatSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { loadConfig } from '../config/load.ts';
import { fileReason, shownPath } from '../config/problem.ts';
import type { Config } from '../config/schema.ts';
import { readTrust } from '../policy/bundle-settings.ts';
import { loadPolicy } from '../policy/load.ts';
import type { Policy } from '../policy/policy.ts';
import { StartError } from './failure.ts';
import { type Seen, seenByMetrics, seenByRecords } from './policy-promote-seen.ts';
import { type CommonOptions, type ExitCode, jsonLine, type Terminal } from './terminal.ts';

export interface PromoteOptions extends CommonOptions {
  readonly records?: readonly string[];
  readonly metrics?: string;
  readonly acceptDisagreements: number;
  readonly minChecks: number;
  readonly dryRun?: boolean;
}

/** The two bundles, both files that load. */
interface Bundles {
  readonly live: { readonly path: string; readonly policy: Policy };
  readonly candidate: { readonly path: string; readonly policy: Policy };
}

/**
 * Puts the shadow policy in the place of the live one, in one rename, if what it said of live traffic agrees. A running
 * process takes it up as it does any change of the file.
 * @returns 4 where it disagreed, or was not asked enough
 * @throws ConfigError, BundleError, StartError
 */
export async function promote(options: PromoteOptions, terminal: Terminal): Promise<ExitCode> {
  const { config } = loadConfig({
    path: options.config,
    env: terminal.env,
    set: options.set ?? [],
    secrets: 'warn',
  });
  const bundles = await openBundles(config);
  const { live, candidate } = bundles;
  const [from, to] = [live.policy.revision, candidate.policy.revision];
  const seen = await see(config, { from, to }, options);
  const reasons = from === to ? [`the live policy is ${to} already`] : objections(seen, options);
  const isPromoted = reasons.length === 0 && options.dryRun !== true;
  if (isPromoted) await replaceLive(bundles, config);
  if (options.json === true) {
    terminal.out(
      jsonLine({ ok: reasons.length === 0, promoted: isPromoted, from, to, file: live.path, seen, reasons }),
    );
  } else {
    tell({ from, to, seen, reasons, isPromoted, file: live.path }, terminal);
  }
  return reasons.length === 0 ? 0 : 4;
}

async function openBundles({ policy }: Config): Promise<Bundles> {
  const { bundle, shadow } = policy;
  if (shadow === undefined) throw new StartError('there is nothing to promote: policy.shadow is not set');
  if (/^https?:/i.test(bundle)) {
    throw new StartError('policy.bundle comes from a server: publish the candidate there instead');
  }
  for (const path of [bundle, shadow.bundle]) requirePlainFile(path);
  return {
    live: { path: bundle, policy: await open(bundle, policy) },
    candidate: { path: shadow.bundle, policy: await open(shadow.bundle, policy) },
  };
}

/** A link, such as a ConfigMap's, is another's to change: a file put in its place would end that. */
function requirePlainFile(path: string): void {
  let isFile: boolean;
  try {
    isFile = lstatSync(path).isFile();
  } catch (error) {
    throw new StartError(`${shownPath(path)} cannot be read: ${fileReason(error)}`, { cause: error });
  }
  if (!isFile) throw new StartError(`${shownPath(path)} is no plain file: change it where it comes from`);
}

function open(path: string, { entrypoint, budget, keys, scope }: Config['policy']): Promise<Policy> {
  return loadPolicy({ path, entrypoint, budget, trust: readTrust({ keys, ...(scope !== undefined && { scope }) }) });
}

function see(
  { listen }: Config,
  revisions: { readonly from: string; readonly to: string },
  { records, metrics }: PromoteOptions,
): Promise<Seen> {
  if (records !== undefined) return seenByRecords(records, revisions);
  return seenByMetrics(metrics ?? `http://${listen.admin}/metrics`, revisions);
}

/** Why it must not be promoted. A candidate that was asked nothing has agreed with nothing. */
function objections({ asked, disagreements, dropped }: Seen, options: PromoteOptions): readonly string[] {
  const { acceptDisagreements, minChecks } = options;
  const hint = dropped > 0 ? `; it was too busy for ${dropped}` : '';
  return [
    asked < minChecks ? `the shadow was asked about ${asked} Checks, and ${minChecks} are needed${hint}` : '',
    disagreements > acceptDisagreements
      ? `it would have decided ${disagreements} of ${asked} Checks otherwise; look at them with policy replay, or add --accept-disagreements ${disagreements}`
      : '',
  ].filter((objection) => objection !== '');
}

/** What is put in place is proven in place: the copy is loaded before it takes the name. */
async function replaceLive({ live, candidate }: Bundles, config: Config): Promise<void> {
  const copy = join(dirname(live.path), `.${randomUUID()}.tar.gz`);
  try {
    copyFileSync(candidate.path, copy);
    const { revision } = await open(copy, config.policy);
    if (revision !== candidate.policy.revision) throw new StartError('the candidate changed meanwhile: try again');
    sync(copy);
    renameSync(copy, live.path);
    sync(dirname(live.path));
  } catch (error) {
    rmSync(copy, { force: true });
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    throw new StartError(`${shownPath(live.path)} cannot be replaced: ${fileReason(error)}`, { cause: error });
  }
}

function sync(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

interface Told {
  readonly from: string;
  readonly to: string;
  readonly seen: Seen;
  readonly reasons: readonly string[];
  readonly isPromoted: boolean;
  readonly file: string;
}

function tell({ from, to, seen, reasons, isPromoted, file }: Told, { out, err }: Terminal): void {
  const { asked, dropped, results } = seen;
  const figures = Object.entries(results).map(([result, count]) => `${count} ${result}`);
  out(
    `The shadow policy ${to} was asked about ${asked} Checks: ${figures.join(', ') || 'none'}; too busy for ${dropped}.\n`,
  );
  for (const reason of reasons) err(`behalf: not promoted: ${reason}\n`);
  if (reasons.length > 0) return;
  out(
    isPromoted
      ? `Promoted: ${shownPath(file)} is ${to} now, and was ${from}.\n`
      : `It can be promoted: ${from} -> ${to}.\n`,
  );
  if (isPromoted)
    out('A running process takes it up by itself. Then take policy.shadow out, or point it at the next one.\n');
}
