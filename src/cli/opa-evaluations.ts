import { shownPath } from '../config/problem.ts';
import { BundleError } from '../policy/bundle.ts';
import type { PolicyInput } from '../policy/input.ts';
import { runOpa } from './opa.ts';
import type { OpaCoverage } from './policy-coverage-merge.ts';
import { halve } from './policy-test-halve.ts';

export interface EvaluationOptions {
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** For example `behalf/authz/decision`. */
  readonly entrypoint: string;
  readonly inputs: readonly PolicyInput[];
  readonly withCoverage: boolean;
}

/** What OPA's interpreter says to one input: nothing where the rule is undefined, or why it fails. */
export type OpaAnswer = { readonly said?: unknown } | { readonly error: string };

/** What it says to each input, and which lines that took. */
export interface Evaluations {
  /** In the order of the inputs. */
  readonly answers: readonly OpaAnswer[];
  readonly coverage: readonly OpaCoverage[];
}

/** So many inputs in one run of OPA: a start of it costs more than they do. */
const AT_ONCE = 1000;

/** Evaluates many inputs over the sources of a folder in OPA's interpreter. */
export async function opaEvaluations(options: EvaluationOptions): Promise<Evaluations> {
  const answers: OpaAnswer[] = [];
  const coverage: OpaCoverage[] = [];
  for (let start = 0; start < options.inputs.length; start += AT_ONCE) {
    const some = options.inputs.slice(start, start + AT_ONCE);
    for (const attempt of await halve(some, (inputs) => evaluate({ ...options, inputs }))) {
      if ('result' in attempt) {
        answers.push(...attempt.result.answers);
        coverage.push(...attempt.result.coverage);
      } else if (attempt.error instanceof BundleError) {
        answers.push({ error: attempt.error.message });
      } else throw attempt.error;
    }
  }
  return { answers, coverage };
}

interface Printed {
  readonly result?: readonly [{ readonly expressions: readonly [{ readonly value: readonly Answer[] }] }];
  readonly coverage?: OpaCoverage;
  readonly errors?: readonly { readonly message: string }[];
}

interface Answer {
  readonly at: number;
  readonly said: unknown;
}

async function evaluate({ folder, env, entrypoint, inputs, withCoverage }: EvaluationOptions): Promise<Evaluations> {
  const rule = `data.${entrypoint.replaceAll('/', '.')}`;
  const query = `[{"at": at, "said": said} | some at; one := input.inputs[at]; said := ${rule} with input as one]`;
  const args = ['eval', '--bundle', '.', '--format', 'json', '--stdin-input', ...(withCoverage ? ['--coverage'] : [])];
  const stdin = JSON.stringify({ inputs });
  const { code, stdout, stderr } = await runOpa([...args, query], { cwd: folder, env, stdin });
  const { result, coverage, errors } = JSON.parse(stdout || '{}') as Printed;
  const found = result?.[0].expressions[0].value;
  if (code !== 0 || found === undefined) {
    const said = errors?.map(({ message }) => message).join(' ') ?? stderr.trim();
    throw new BundleError('bundle_invalid', said || `OPA ended with ${code} in ${shownPath(folder)}`);
  }
  const said = new Map(found.map((answer) => [answer.at, answer.said]));
  const answers = inputs.map((_, at) => (said.has(at) ? { said: said.get(at) } : {}));
  return { answers, coverage: coverage === undefined ? [] : [coverage] };
}
