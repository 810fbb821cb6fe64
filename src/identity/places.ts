import { Refusal } from '../refusals.ts';

/** However many different tokens come: a flood of garbage is no flood of questions (threats J20). */
const MAX_IN_FLIGHT = 32;
/** One caller's garbage leaves room for the tokens of others. */
const MAX_PER_PEER = 8;

/** Who has a question to an issuer in flight. */
export interface Places {
  /**
   * Takes a place for a question of this peer.
   * @returns gives it back, once
   * @throws Refusal `introspection_unavailable` where all are taken, or all that one peer may have
   */
  take(peer: string): () => void;
}

/** Counts the questions in flight; a peer without one is not remembered, so that nothing grows. */
export function createPlaces(): Places {
  const byPeer = new Map<string, number>();
  let taken = 0;
  return {
    take(peer) {
      const own = byPeer.get(peer) ?? 0;
      if (taken >= MAX_IN_FLIGHT) throw full('too many tokens are being asked about');
      if (own >= MAX_PER_PEER) throw full('too many tokens of this caller are being asked about');
      taken += 1;
      byPeer.set(peer, own + 1);
      return () => {
        taken -= 1;
        const left = (byPeer.get(peer) ?? 1) - 1;
        if (left === 0) byPeer.delete(peer);
        else byPeer.set(peer, left);
      };
    },
  };
}

function full(why: string): Refusal {
  return new Refusal('introspection_unavailable', why);
}
