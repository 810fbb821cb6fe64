import { BundleError } from '../policy/bundle.ts';
import type { Policy } from '../policy/policy.ts';
import type { Got } from '../policy-suite/ask-runtime.ts';
import { judgeCell } from '../policy-suite/judge-cell.ts';
import type { Cell } from '../policy-suite/suite.ts';
import type { Answer } from '../policy-suite/suite-schema.ts';
import { Refusal } from '../refusals.ts';
import type { OpaAnswer } from './opa-evaluations.ts';
import { isSameSaid } from './policy-same-said.ts';
import type { Built } from './policy-test-build.ts';
import type { TestResult } from './policy-test-result.ts';

/**
 * Asks our runtime about one cell, and holds what it says against what is expected, and against OPA's interpreter.
 * @param built the rule that decides
 * @param opa what OPA says of the same input
 */
export function judgeSuiteCell(cell: Cell, built: Built | undefined, opa: OpaAnswer | undefined): TestResult {
  const [, row = '1', column = '1'] = /:(\d+):(\d+)$/.exec(cell.where) ?? [];
  const place = { file: cell.file, row: Number(row), column: Number(column) };
  const result = { kind: 'cell', id: cell.id, ...place } as const;
  if (built === undefined || built instanceof BundleError) {
    const reason = built?.message ?? 'the rule that decides was not compiled';
    return { ...result, status: 'unrunnable', lines: [`not run: ${reason}`] };
  }
  const { got, wrong } = judgeCell(built, cell);
  if (wrong.length > 0) return { ...result, status: 'failed', lines: failure(cell, got, wrong) };
  const difference = differenceFromOpa(built, cell, opa);
  if (difference === undefined) return { ...result, status: 'passed', lines: [] };
  return { ...result, status: 'disagreed', lines: [difference, ...decisiveParts(cell)] };
}

function failure(cell: Cell, got: Got, wrong: readonly string[]): readonly string[] {
  const { headers, metadata } = cell.expected;
  return [
    `expected  ${expectedText(cell.expected)}`,
    `got       ${gotText(got)}`,
    ...(wrong.includes('headers') ? [`headers   expected ${shown(headers)}, got ${shown(got.headers ?? {})}`] : []),
    ...(wrong.includes('metadata') ? [`metadata  expected ${shown(metadata)}, got ${shown(got.metadata ?? {})}`] : []),
    ...decisiveParts(cell),
  ];
}

function expectedText({ outcome, reasons, refusal }: Answer): string {
  const words = [outcome as string, reasons?.join(', '), refusal === undefined ? undefined : `(${refusal})`];
  return words.filter((word) => word !== undefined && word !== '').join(' ');
}

function gotText({ outcome, reasons, refusal, detail }: Got): string {
  const given = reasons.map(({ code, message }) => `${code} "${message}"`).join(', ');
  const why =
    refusal === undefined || outcome === 'deny' ? '' : ` (${refusal}${detail === undefined ? '' : `: ${detail}`})`;
  return `${outcome}${given === '' ? '' : ` ${given}`}${why}`;
}

/** What policies decide on, and what a reader needs to see why: not the whole input. */
function decisiveParts({ input }: Cell): readonly string[] {
  const { hop, actor, subject, grant, request, mcp, time } = input;
  const parts: readonly (readonly [name: string, value: unknown])[] = [
    ['hop.action', hop.action],
    ['actor.agent', actor?.agent ?? null],
    ['subject.id', subject.id],
    ['subject.claims', subject.claims],
    ['grant.actions', grant?.actions ?? null],
    ['grant.context', grant?.context ?? {}],
    ['grant.approval', grant?.approval ?? {}],
    ['request', `${request.method} ${request.path}`],
    ['request.params', request.params],
    ['request.body.json', request.body.json ?? {}],
    ['mcp.tool', mcp?.tool ?? {}],
    ['mcp.arguments', mcp?.arguments ?? {}],
    ['time', new Date(time * 1000).toISOString()],
  ];
  return parts.filter(([, value]) => shown(value) !== '{}').map(([name, value]) => `input.${name} = ${shown(value)}`);
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'undefined';
  return text.length > 160 ? `${text.slice(0, 159)}…` : text;
}

/** Compared is what the rule says, before it is read as a decision. A fault that was expected is no difference. */
function differenceFromOpa(built: Policy, { input }: Cell, opa: OpaAnswer | undefined): string | undefined {
  if (opa === undefined) return undefined;
  let ours: unknown;
  try {
    ours = built.evaluate(JSON.stringify(input));
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
  if ('error' in opa) return `OPA fails: ${opa.error}; Behalf's runtime says ${shown(ours)}`;
  if (isSameSaid(ours, opa.said)) return undefined;
  return `OPA says ${shown(opa.said)}, Behalf's runtime says ${shown(ours)}`;
}
