import type { Policy } from '../../src/policy/policy.ts';
import type { Random } from '../fuzz/random.ts';
import type { Call } from './corpus/case.ts';

/** A policy that both runtimes can be asked. */
export interface Subject {
  readonly name: string;
  /** What OPA is started in: the sources. */
  readonly folder: string;
  /** Of the rule, such as `behalf/authz/decision`. */
  readonly entrypoint: string;
  /** What production would run: the bundle, in our runtime. */
  readonly policy: Policy;
  /** Makes an input. */
  readonly input: (random: Random) => unknown;
  /** The call that an input of the corpus is about; none where it is a whole policy. */
  readonly callOf: (input: unknown) => Call | undefined;
}
