import { at, items, type Spot, textAt } from './spot.ts';
import { stringMatches } from './string-matches.ts';

/** True where the early header mutations remove every one of these names (lower case), whatever the request says. */
export function isStripped(early: Spot, names: readonly string[]): boolean {
  const mutations = items(early).flatMap((extension) => items(at(extension, 'typed_config', 'mutations')));
  return names.every((name) =>
    mutations.some(
      (mutation) =>
        textAt(mutation, 'remove').toLowerCase() === name ||
        stringMatches(at(mutation, 'remove_on_match', 'key_matcher'), name) === true,
    ),
  );
}
