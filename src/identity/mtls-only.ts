import type { Hop } from '../matrix/hop.ts';
import { Refusal } from '../refusals.ts';
import type { Identity, Peer } from './identity.ts';
import { tokenId } from './token-id.ts';

/**
 * The identity of a caller whose row has no token (`mtls-only`): the workload itself is the subject, vouched for by its
 * trust domain. What stands in for the token says only what is so: no audience, no scopes, and a life of this one instant.
 * The connection proves the caller now; the next Check asks again. So whatever is derived from it never outlives it, and a
 * policy that wants remaining life finds none. It is revoked by agent (matrix/lint/revocation-floor.ts).
 * @param now milliseconds since the epoch
 * @throws Refusal `agent_not_permitted`
 */
export function mtlsOnlyIdentity(hop: Hop, peer: Peer, now: number): Identity {
  const agent = hop.agents.find(({ spiffeId }) => spiffeId === peer.id);
  if (agent === undefined) {
    throw new Refusal('agent_not_permitted', 'the row does not name the caller');
  }
  const issuer = `spiffe://${peer.trustDomain}`;
  const mark = peer.thumbprint === undefined ? { workload: peer.id } : { certificate: peer.thumbprint };
  return {
    peer,
    subject: { id: peer.id, issuer, claims: {} },
    actor: undefined,
    chain: [],
    agents: [agent.name],
    token: {
      issuer,
      type: 'mtls',
      audience: [],
      scopes: [],
      expiresAt: now / 1000,
      issuedAt: now / 1000,
      id: tokenId(issuer, mark),
      keyId: undefined,
      authorizationDetails: undefined,
    },
    once: [],
  };
}
