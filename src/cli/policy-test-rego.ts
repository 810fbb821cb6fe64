import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { shownPath } from '../config/problem.ts';
import { BundleError } from '../policy/bundle.ts';
import { Refusal } from '../refusals.ts';
import type { OpaCase, OpaTest } from './opa-tests.ts';
import type { Built } from './policy-test-build.ts';
import type { TestResult } from './policy-test-result.ts';

/** The entrypoint of a test, such as `behalf/authz_test/test_x`. */
export function entrypointOf({ package: name, name: rule }: OpaTest): string {
  return `${name.replace(/^data\./, '').replaceAll('.', '/')}/${rule.replace(/#\d+$/, '')}`;
}

/** How a test ended: `passed`, or why not. */
type End = 'passed' | { readonly failed: string };

/**
 * Evaluates one `test_*` rule in our runtime, and holds it against what OPA's interpreter came to.
 * @param twins how many rules of its package have its name: OPA tells them apart, a compiled module cannot
 */
export function judgeRego(test: OpaTest, built: Built | undefined, twins: number, folder: string): TestResult {
  const { package: name, name: rule, location } = test;
  const place = { file: shownPath(join(folder, location.file)), row: location.row, column: location.col };
  const result = { kind: 'rego', id: `${name.replace(/^data\./, '')}.${rule}`, ...place } as const;
  if (test.skip === true) return { ...result, status: 'skipped', lines: [] };
  const opa = endInOpa(test);
  if (twins > 1) {
    const shared = `${twins} rules have this name, and the runtime would only know that one of them holds`;
    return { ...result, status: 'unrunnable', lines: [`not run: ${shared}. Rename them.`, inOpa(opa)] };
  }
  if (built === undefined || built instanceof BundleError) {
    const reason = built?.message ?? 'it was not compiled';
    return { ...result, status: 'unrunnable', lines: [`not run in Behalf's runtime: ${reason}`, inOpa(opa)] };
  }
  const ours = endInRuntime(built, test);
  if ((opa === 'passed') !== (ours === 'passed')) {
    return { ...result, status: 'disagreed', lines: [disagreement(opa, ours)] };
  }
  if (opa === 'passed') return { ...result, status: 'passed', lines: [] };
  return {
    ...result,
    status: 'failed',
    lines: [...opa.failed.split('\n'), ...whatFailed(test, folder), ...printed(test)],
  };
}

function endInOpa({ fail, error, sub_results: cases }: OpaTest): End {
  if (error !== undefined) return { failed: error.message };
  const failing = cases === undefined ? [] : failingCases(cases);
  if (failing.length > 0) return { failed: `fails for ${failing.join(', ')}` };
  return fail === true ? { failed: 'is not true' } : 'passed';
}

function failingCases(cases: Readonly<Record<string, OpaCase>>, prefix = ''): readonly string[] {
  return Object.entries(cases).flatMap(([name, { fail, sub_results: inner }]) => {
    if (inner !== undefined) return failingCases(inner, `${prefix}${name}/`);
    return fail === true ? [`"${prefix}${name}"`] : [];
  });
}

function endInRuntime(built: Exclude<Built, BundleError>, { sub_results: cases }: OpaTest): End {
  let said: unknown;
  try {
    said = built.evaluate('');
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { failed: error.message };
  }
  if (cases === undefined) return said === true ? 'passed' : { failed: said === undefined ? 'undefined' : 'not true' };
  const missing = missingCases(cases, said);
  return missing.length === 0 ? 'passed' : { failed: `does not hold for ${missing.join(', ')}` };
}

/** The cases of OPA that are not true here. A case that fails is one that the rule does not yield. */
function missingCases(cases: Readonly<Record<string, OpaCase>>, said: unknown, prefix = ''): readonly string[] {
  const yielded = typeof said === 'object' && said !== null ? (said as Readonly<Record<string, unknown>>) : {};
  return Object.entries(cases).flatMap(([name, { sub_results: inner }]) => {
    if (inner !== undefined) return missingCases(inner, yielded[name], `${prefix}${name}/`);
    const holds = Array.isArray(said) ? said.includes(name) : yielded[name] === true;
    return holds ? [] : [`"${prefix}${name}"`];
  });
}

function disagreement(opa: End, ours: End): string {
  if (ours !== 'passed') return `OPA passes, Behalf's runtime fails: ${ours.failed}`;
  return `OPA fails, Behalf's runtime passes; ${inOpa(opa)}`;
}

function inOpa(opa: End): string {
  return opa === 'passed' ? "it passes in OPA's interpreter" : `in OPA's interpreter it fails: ${opa.failed}`;
}

/** Where the rule of the test itself went no further, in its author's words. */
function whatFailed({ trace = [], location }: OpaTest, folder: string): readonly string[] {
  const at = trace.find(({ Op, Location }) => Op === 'Fail' && Location.file === location.file)?.Location;
  if (at === undefined) return [];
  const path = join(folder, at.file);
  const line = readFileSync(path, 'utf8').split('\n')[at.row - 1]?.trim() ?? '';
  return [`false at ${shownPath(path)}:${at.row}: ${line}`];
}

function printed({ output = '' }: OpaTest): readonly string[] {
  const text = Buffer.from(output, 'base64').toString('utf8').trimEnd();
  return text === '' ? [] : text.split('\n').map((line) => `print: ${line}`);
}
