import type { Opa } from '../fakes/with-opa.ts';
import { CORPUS } from './corpus/corpus.ts';
import { corpusSubject } from './corpus-subject.ts';
import { policySubjects } from './policy-subjects.ts';
import type { Subject } from './subject.ts';

/** Every policy that is shipped or shown, and one for each family of builtins. */
export async function allSubjects(opa: Opa): Promise<readonly Subject[]> {
  const corpus = Object.entries(CORPUS).map(([name, calls]) => corpusSubject(name, calls, opa));
  return [...(await policySubjects()), ...(await Promise.all(corpus))];
}
