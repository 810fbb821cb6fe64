import type { Matrix } from '../hop.ts';
import type { Unmatched } from './tally.ts';

// SPIFFE-ID §2, as the schema has it: what is no such ID would be refused in a matrix, and may be hostile text.
const SPIFFE_ID = /^spiffe:\/\/([a-z0-9._-]{1,255})(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._-]+)+$/;

/** Who is known to call: SPIFFE ID → agent. */
export interface Callers {
  readonly trustDomain: string;
  readonly names: ReadonlyMap<string, string>;
}

/**
 * Names the callers: the agents of the matrix by their names, others by the end of their SPIFFE ID. Callers of other trust
 * domains are left out; without a matrix, the domain that most kinds of requests came from is taken for ours.
 */
export function namedCallers(kinds: readonly Unmatched[], matrix: Matrix | undefined): Callers {
  const seen = kinds.flatMap(({ callers }) => [...callers]).filter((id) => SPIFFE_ID.test(id));
  const domains = matrix?.trustDomains ?? new Set([mostOften(seen.map(domainOf))]);
  const names = new Map(matrix?.agents.map(({ spiffeId, name }) => [spiffeId, name]));
  const taken = new Set(names.values());
  for (const id of [...new Set(seen)].sort()) {
    if (names.has(id) || !domains.has(domainOf(id))) continue;
    const base = (id.split('/').at(-1) ?? '').replace(/^[^A-Za-z0-9]+/, '').slice(0, 100) || 'agent';
    let name = base;
    for (let number = 2; taken.has(name); number += 1) name = `${base}-${number}`;
    names.set(id, name);
    taken.add(name);
  }
  return { trustDomain: matrix?.trustDomain ?? [...domains][0] ?? 'TODO', names };
}

function domainOf(id: string): string {
  return SPIFFE_ID.exec(id)?.[1] ?? '';
}

function mostOften(words: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const one of words) counts.set(one, (counts.get(one) ?? 0) + 1);
  return [...counts].sort(([a, left], [b, right]) => right - left || (a < b ? -1 : 1))[0]?.[0] ?? '';
}
