import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readBundle } from '../../src/policy/bundle.ts';
import { compilePolicy } from '../../src/policy/wasm.ts';
import { folderOf } from '../fakes/policy-folder.ts';
import type { Opa } from '../fakes/with-opa.ts';
import type { Call } from './corpus/case.ts';
import type { Subject } from './subject.ts';

const NAMES = 'abcd';
const ENTRYPOINT = 'parity/answer';
/** Some of a family's calls make hundreds of values. */
const BUDGET = 100_000_000;

interface CorpusInput {
  readonly n: number;
}

/** Writes the policy of a family, one rule for each call, and builds it with OPA. */
export async function corpusSubject(name: string, calls: readonly Call[], opa: Opa): Promise<Subject> {
  const rules = calls.map(({ rego }, n) => `answer := ${rego} if input.n == ${n}\n`);
  const folder = folderOf({ 'parity.rego': `package parity\n\n${rules.join('\n')}` });
  const output = join(folderOf({}), 'bundle.tar.gz');
  const { code, said } = opa(folder, 'build', '-t', 'wasm', '-e', ENTRYPOINT, '-o', output, '--bundle', '.');
  if (code !== 0) throw new Error(`the corpus of ${name} does not build: ${said}`);
  const policy = await compilePolicy({
    bundle: readBundle(readFileSync(output)),
    entrypoint: ENTRYPOINT,
    budget: BUDGET,
  });
  return {
    name: `corpus/${name}`,
    folder,
    entrypoint: ENTRYPOINT,
    policy,
    input: (random) => {
      const n = random.below(calls.length);
      const operands = calls[n]?.operands(random) ?? [];
      return { n, ...Object.fromEntries<unknown>(operands.map((operand, at) => [NAMES.charAt(at), operand])) };
    },
    callOf: (input) => calls[(input as CorpusInput).n],
  };
}
