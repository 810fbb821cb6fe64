import type { Hop } from '../matrix/hop.ts';
import { Refusal } from '../refusals.ts';

/**
 * The token must hold every scope of the row (RFC 9068 §4, RFC 6750 §3.1). Asked last: a token that is not good at all is
 * not told what it lacks.
 * @throws Refusal `scope_missing`
 */
export function requireScopes(held: readonly string[], { scopes }: Hop['credential']): void {
  if (scopes.every((scope) => held.includes(scope))) return;
  throw new Refusal('scope_missing', 'scope does not hold every scope of the row', {
    remediation: `Ask for a token with scope "${scopes.join(' ')}".`,
  });
}
