import type { Draft, World } from './finding.ts';

/** Who comes can be known, and what they bring is theirs. */
export function* lintPeers({ matrix, facts: { jwtBundles } }: World): Generator<Draft> {
  for (const { id, sender, peer, agents } of matrix.hops.values()) {
    if (sender === 'none') {
      const message = 'binds the token to nobody: whoever finds it can use it; use sender: peer, mtls or dpop';
      yield { rule: 'unbound-sender', severity: 'error', hop: id, keys: ['hops', id, 'sender'], message };
    }
    if (peer.from !== 'jwt-svid' || jwtBundles === undefined) continue;
    const domains = new Set(agents.map(({ spiffeId }) => spiffeId.split('/')[2] ?? ''));
    for (const domain of [...domains].filter((each) => !jwtBundles.includes(each))) {
      const message = `wants JWT-SVIDs of ${domain}, which nothing can verify; add peer.jwtBundles.${domain} to behalf.yaml`;
      yield { rule: 'peer-unverifiable', severity: 'error', hop: id, keys: ['hops', id, 'peer'], message };
    }
  }
}
