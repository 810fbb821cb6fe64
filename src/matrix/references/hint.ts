import { suggest } from '../../config/suggest.ts';

/** `; did you mean "buyer"?`, or nothing where no candidate is near. */
export function hint(word: string, candidates: readonly string[]): string {
  const meant = suggest(word, candidates);
  return meant === undefined ? '' : `; did you mean "${meant}"?`;
}
