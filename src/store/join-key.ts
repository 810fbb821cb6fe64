/**
 * Joins texts into one key, so that other texts never make the same one: each is led by its length (threats C13). Issuers
 * and ids come from outside and hold whatever they like, `:` included.
 */
export function joinKey(...parts: readonly string[]): string {
  let key = '';
  for (const part of parts) key += `${part.length}:${part}`;
  return key;
}
