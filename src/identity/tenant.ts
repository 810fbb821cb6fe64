import type { Matrix } from '../matrix/hop.ts';
import { Refusal } from '../refusals.ts';
import type { TokenClaims } from './claims.ts';
import type { PastActor } from './identity.ts';

/** What identity providers call the tenant of a principal: Entra ID, and most others. */
const NAMES = ['tid', 'tenant'] as const;

/** Made once for each matrix. */
const KNOWN = new WeakMap<Matrix, ReadonlySet<string>>();

/**
 * Holds subject and actors together: an actor is named by the token's issuer, or by another authority of the matrix, and
 * where it says its tenant, that is the tenant of the subject. An actor token of one tenant that served in another is how
 * every tenant of a directory could be taken over (CVE-2025-55241; threats A01, A05).
 * @param actors the actors that `claims.act` names, as actor.ts read them
 * @param issuer of the token
 * @throws Refusal `actor_tenant_mismatch`
 */
export function requireTenant(
  { act, others }: Pick<TokenClaims, 'act' | 'others'>,
  actors: readonly PastActor[],
  issuer: string,
  matrix: Matrix,
): void {
  for (const actor of actors) {
    if (actor.issuer !== issuer && !knownIssuers(matrix).has(actor.issuer)) {
      throw mismatch('the issuer of an actor is neither that of the token nor an authority of the matrix');
    }
  }
  for (let link = act; link !== undefined; link = (link as { act?: unknown }).act) {
    for (const name of NAMES) {
      const tenant = (link as Record<string, unknown>)[name];
      // A tenant that the token does not state cannot be equal: nothing says that it is the subject's.
      if (tenant !== undefined && (typeof tenant !== 'string' || tenant !== others[name])) {
        throw mismatch(`${name} of an actor is not that of the token`);
      }
    }
  }
}

function knownIssuers(matrix: Matrix): ReadonlySet<string> {
  let known = KNOWN.get(matrix);
  if (known === undefined) {
    const tokens = [...matrix.hops.values()].map(({ credential }) => credential.issuer);
    known = new Set([...tokens, ...[...matrix.trustDomains].map((domain) => `spiffe://${domain}`)]);
    KNOWN.set(matrix, known);
  }
  return known;
}

function mismatch(why: string): Refusal {
  return new Refusal('actor_tenant_mismatch', why);
}
