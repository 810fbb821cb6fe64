import type { Hop, RevokedBy } from '../hop.ts';

/** How soon a revocation bites at the soonest, in seconds, and why not sooner. `Infinity`: it does not bite. */
export interface Floor {
  readonly seconds: number;
  readonly why: string;
}

/** Design §1.8: every process of a durable store knows of it within a second. */
const HELD: Floor = { seconds: 1, why: 'our store refuses it on every Check' };
// identity/key-set.ts: how often keys are read anew.
const JWKS_REFRESH = 30;

/**
 * How soon revoking by `by` can bite on this row: what we hold ourselves, unless the row rests on something that never
 * asks us again (design §1.8: no promise that we do not hold).
 */
export function revocationFloor(hop: Hop, by: RevokedBy, isDurable: boolean): Floor {
  return slowest([heldFor(hop, by, isDurable), vendorOf(hop), streamOf(hop)]);
}

function heldFor({ credential, delegation }: Hop, by: RevokedBy, isDurable: boolean): Floor {
  if (credential.type === 'mtls-only' && by !== 'agent')
    return never('an mtls-only row has no such thing; revoke by agent');
  if (by === 'grant' && delegation.mode === 'forbidden') return never('the row reads no grant');
  if (by === 'grant' && delegation.grant === 'token') {
    return { seconds: credential.maxLifetime, why: 'the grant is in the token alone, and lives as long (maxLifetime)' };
  }
  if (isDurable) return HELD;
  if (by === 'key')
    return { seconds: JWKS_REFRESH, why: 'keys that the issuer withdraws are gone when they are read anew' };
  return never('store: memory: takes no revocations; use sqlite:FILE');
}

/** A platform that has swapped the token for its own session honours that without asking us. */
function vendorOf({ credential }: Hop): Floor {
  if (credential.type !== 'federated-token') return HELD;
  return {
    seconds: credential.maxLifetime,
    why: 'the platform does not ask us about what it made of the token (maxLifetime)',
  };
}

function streamOf({ protocol, stream }: Hop): Floor {
  if (stream !== undefined)
    return { seconds: stream.maxDuration, why: 'Envoy does not ask again on an open stream (stream.maxDuration)' };
  return protocol === 'tcp' ? never('Envoy does not ask again on an open connection; set stream.maxDuration') : HELD;
}

function never(why: string): Floor {
  return { seconds: Number.POSITIVE_INFINITY, why };
}

function slowest(floors: readonly Floor[]): Floor {
  return floors.reduce((worst, floor) => (floor.seconds > worst.seconds ? floor : worst));
}
