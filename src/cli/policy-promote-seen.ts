import { fileReason, shownPath } from '../config/problem.ts';
import { StartError } from './failure.ts';
import { linesOf } from './matrix-lines.ts';

/** What a shadow policy said of live traffic. */
export interface Seen {
  readonly asked: number;
  /** Flips, errors, and other reasons. */
  readonly disagreements: number;
  /** Checks of the sample that it was too busy for; records do not tell of those. */
  readonly dropped: number;
  readonly results: Readonly<Record<string, number>>;
}

/** Which policies the figures must be of. */
export interface Revisions {
  readonly from: string;
  readonly to: string;
}

const WITHIN_MS = 5000;

/**
 * Asks a running process what its shadow said.
 * @throws StartError where it does not answer, or runs other policies
 */
export async function seenByMetrics(url: string, { from, to }: Revisions): Promise<Seen> {
  const text = await fetchText(url);
  const [live, shadow] = ['behalf_policy_info', 'behalf_shadow_info'].map((name) => labelOf(text, name));
  if (shadow !== to) {
    throw new StartError(
      `${url}: the process has ${shadow ?? 'no policy'} as its shadow, not ${to}; reload it, or use --records`,
    );
  }
  if (live !== from) {
    throw new StartError(
      `${url}: the process decides by ${live ?? 'no policy'}, not by ${from}; reload it, or use --records`,
    );
  }
  const counts = text.matchAll(/^behalf_shadow_total\{[^}]*result="(\w+)"[^}]*\} (\d+)/gm);
  const dropped = Number(/^behalf_shadow_dropped_total(?:\{[^}]*\})? (\d+)/m.exec(text)?.[1] ?? 0);
  return seenOf(
    [...counts].map(([, result = '', count]) => [result, Number(count)]),
    dropped,
  );
}

/**
 * Counts what records say of this candidate beside this policy.
 * @throws StartError where a file cannot be read
 */
export async function seenByRecords(files: readonly string[], revisions: Revisions): Promise<Seen> {
  const results: (readonly [result: string, count: number])[] = [];
  for (const file of files) {
    try {
      for await (const line of linesOf(file)) {
        const result = resultOf(line, revisions);
        if (result !== undefined) results.push([result, 1]);
      }
    } catch (error) {
      throw new StartError(`${shownPath(file)} cannot be read: ${fileReason(error)}`, { cause: error });
    }
  }
  return seenOf(results, 0);
}

interface ShadowedRecord {
  readonly bundles?: { readonly authz?: { readonly revision?: string } };
  readonly authz?: { readonly shadow?: { readonly revision?: string; readonly result?: string } };
}

function resultOf(line: string, { from, to }: Revisions): string | undefined {
  let record: ShadowedRecord | null;
  try {
    record = JSON.parse(line) as ShadowedRecord | null;
  } catch {
    return undefined;
  }
  const shadow = record?.authz?.shadow;
  if (shadow?.revision !== to || record?.bundles?.authz?.revision !== from) return undefined;
  return shadow.result;
}

function seenOf(counts: readonly (readonly [result: string, count: number])[], dropped: number): Seen {
  const results: Record<string, number> = {};
  for (const [result, count] of counts) results[result] = (results[result] ?? 0) + count;
  const asked = Object.values(results).reduce((sum, count) => sum + count, 0);
  return { asked, disagreements: asked - (results['agree'] ?? 0), dropped, results };
}

async function fetchText(url: string): Promise<string> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(WITHIN_MS), redirect: 'error' });
    if (answer.ok) return await answer.text();
    throw new StartError(`${url} answers ${answer.status}`);
  } catch (error) {
    if (error instanceof StartError) throw error;
    throw new StartError(`${url} does not answer: is the process running? Or use --records`, { cause: error });
  }
}

function labelOf(text: string, metric: string): string | undefined {
  return new RegExp(`^${metric}\\{[^}]*revision="([^"]*)"`, 'm').exec(text)?.[1];
}
