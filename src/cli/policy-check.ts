import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError, fileReason, shownPath } from '../config/problem.ts';
import { BundleError, readBundle } from '../policy/bundle.ts';
import { loadPolicy } from '../policy/load.ts';
import type { Policy } from '../policy/policy.ts';
import { compilePolicy } from '../policy/wasm.ts';
import { askRuntime } from '../policy-suite/ask-runtime.ts';
import { StartError } from './failure.ts';
import { compileRego } from './policy-compile.ts';
import { readFixture } from './policy-fixture.ts';
import { lintRego } from './policy-lint.ts';
import type { Finding } from './policy-lint-finding.ts';
import { parseRego } from './policy-lint-parse.ts';
import { strictFindings } from './policy-strict.ts';
import { type ExitCode, jsonLine, type Terminal } from './terminal.ts';

export interface CheckOptions {
  readonly entrypoint: string;
  /** Fixtures besides those in `fixtures/`. */
  readonly input: readonly string[];
  readonly json?: boolean;
}

/** What was checked, and what was found. */
interface Checked {
  readonly revision: string | undefined;
  /** Bytes of the bundle. */
  readonly size: number | undefined;
  readonly fixtures: number;
  readonly findings: readonly Finding[];
}

/** `serve` reads no larger one. */
const MAX_BUNDLE = 16 * 1024 * 1024;
/** Of the budget: an input that takes more on the author's own fixtures will not stay within it for long. */
const TIGHT = 0.5;

/**
 * Checks a folder of Rego, or a bundle, for what would be refused, or would decide wrongly, in production.
 * @returns 3 where it does not compile or load, 4 on other errors
 * @throws StartError
 */
export async function check(path: string, options: CheckOptions, terminal: Terminal): Promise<ExitCode> {
  const isFolder = isDirectory(path);
  const checked = isFolder ? await checkFolder(path, options, terminal) : await checkBundle(path, options, terminal);
  const errors = checked.findings.filter(({ severity }) => severity === 'error').length;
  const counts = { errors, warnings: checked.findings.length - errors };
  const { findings, ...facts } = checked;
  const summary = { ok: errors === 0, path: shownPath(path), ...facts, ...counts, findings };
  terminal.out(options.json === true ? jsonLine(summary) : inWords(path, checked, counts));
  if (errors === 0) return 0;
  return checked.revision === undefined ? 3 : 4;
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    throw new StartError(
      `${shownPath(path)} cannot be read: ${fileReason(error)}; name a folder of Rego, or a bundle`,
      {
        cause: error,
      },
    );
  }
}

async function checkFolder(folder: string, options: CheckOptions, { env }: Terminal): Promise<Checked> {
  const findings = [...(await strictFindings(folder, env)), ...lintRego(await parseRego(folder, env))];
  const { entrypoint } = options;
  try {
    const bytes = await compileRego({ folder, entrypoint, env });
    const policy = await compilePolicy({ bundle: readBundle(bytes), entrypoint });
    return judged({
      policy,
      size: bytes.length,
      fixtures: [...fixturesIn(folder), ...options.input],
      findings,
      where: shownPath(folder),
    });
  } catch (error) {
    // The strict check has said most of it already, with more of the place.
    const isSaid = findings.some(({ rule }) => rule === 'opa');
    return unloaded(isSaid ? findings : [...findings, ...loadFindings(error, shownPath(folder))]);
  }
}

async function checkBundle(path: string, { entrypoint, input }: CheckOptions, { err }: Terminal): Promise<Checked> {
  err(`behalf: of a bundle, its Rego is not judged: entrypoint rules are left out of it; check the folder as well\n`);
  try {
    const policy = await loadPolicy({ path, entrypoint });
    return judged({ policy, size: statSync(path).size, fixtures: input, findings: [], where: shownPath(path) });
  } catch (error) {
    return unloaded(loadFindings(error, shownPath(path)));
  }
}

function unloaded(findings: readonly Finding[]): Checked {
  return { revision: undefined, size: undefined, fixtures: 0, findings };
}

function loadFindings(error: unknown, where: string): readonly Finding[] {
  if (error instanceof AggregateError) return error.errors.flatMap((each) => loadFindings(each, where));
  if (!(error instanceof BundleError)) throw error;
  return [{ where, severity: 'error', rule: error.code, message: error.message }];
}

function fixturesIn(folder: string): readonly string[] {
  const inside = join(folder, 'fixtures');
  if (!statSync(inside, { throwIfNoEntry: false })?.isDirectory()) return [];
  return readdirSync(inside)
    .filter((name) => /\.(?:ya?ml|json)$/.test(name))
    .sort()
    .map((name) => join(inside, name));
}

interface ToJudge {
  readonly policy: Policy;
  readonly size: number;
  readonly fixtures: readonly string[];
  readonly findings: readonly Finding[];
  readonly where: string;
}

function judged({ policy, size, fixtures, findings, where }: ToJudge): Checked {
  const found = [...findings, ...fixtures.flatMap((path) => judgeFixture(policy, path))];
  if (size > MAX_BUNDLE) {
    const message = `the bundle has ${size} bytes, and none above ${MAX_BUNDLE} is read; leave out data that no rule reads`;
    found.push({ where, severity: 'error', rule: 'size', message });
  }
  if (fixtures.length === 0) {
    const message =
      'there are no fixtures, so nothing shows what the rule gives; put inputs into fixtures/, or add -i FILE';
    found.push({ where, severity: 'warning', rule: 'no-fixtures', message });
  }
  return { revision: policy.revision, size, fixtures: fixtures.length, findings: found };
}

/** An input of the author's own must be decided, whichever way. */
function judgeFixture(policy: Policy, path: string): readonly Finding[] {
  const where = shownPath(path);
  try {
    const { outcome, refusal = 'fault', detail = '' } = askRuntime(policy, readFixture(path).input);
    if (outcome === 'fault') {
      const message = `${detail}; see it with \`behalf policy eval -i ${where}\`, and docs/refusals.md#${refusal}`;
      return [{ where, severity: 'error', rule: refusal, message }];
    }
    if (policy.lastTicks < policy.budget * TIGHT) return [];
    const message = `this input takes ${policy.lastTicks} of ${policy.budget} ticks; bound what the rules iterate over`;
    return [{ where, severity: 'warning', rule: 'budget', message }];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ where: place, message }) => ({
      where: place,
      severity: 'error',
      rule: 'fixture',
      message,
    }));
  }
}

function inWords(path: string, checked: Checked, { errors, warnings }: { errors: number; warnings: number }): string {
  const { findings, revision, size, fixtures } = checked;
  const lines = findings.map(({ where, severity, rule, message }) => `${where}: ${severity} ${rule}: ${message}\n`);
  const verdict =
    errors + warnings === 0 ? 'nothing found' : `${amount(errors, 'error')}, ${amount(warnings, 'warning')}`;
  const facts = revision === undefined ? 'not loaded' : `${size} bytes as a bundle, ${amount(fixtures, 'fixture')}`;
  return `${lines.join('')}${shownPath(path)}: ${facts}, ${verdict}\n`;
}

function amount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
