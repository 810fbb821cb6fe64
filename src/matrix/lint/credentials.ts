import type { Hop } from '../hop.ts';
import type { Draft, World } from './finding.ts';

/**
 * A credential that opens two doors is stolen once and used twice: an upstream can play what it was sent to the other one
 * (RFC 8707 §2; threats MCP confused deputy).
 */
export function* lintCredentials({ matrix }: World): Generator<Draft> {
  const rows = [...matrix.hops.values()].filter(({ credential }) => credential.type !== 'mtls-only');
  for (const [index, hop] of rows.entries()) {
    const earlier = rows.slice(0, index).filter((other) => isSameAudience(hop, other));
    yield* compare(hop, earlier);
  }
}

function* compare(hop: Hop, earlier: readonly Hop[]): Generator<Draft> {
  const about = { severity: 'error', hop: hop.id, keys: ['hops', hop.id, 'credential', 'audience'] } as const;
  const across = earlier.filter(({ boundary }) => boundary !== hop.boundary);
  const shared = across.find((other) => isSameScopes(hop, other));
  const hosts = earlier.find((other) => other.boundary === hop.boundary && !isSameHosts(hop, other));
  if (shared !== undefined) {
    const message = `takes the same credential as row "${shared.id}" (${shared.boundary}): one audience, the same scopes; give each boundary its own`;
    yield { ...about, rule: 'credential-shared', message };
  } else if (across[0] !== undefined) {
    const message = `has the audience of row "${across[0].id}" (${across[0].boundary}); give each boundary its own`;
    yield { ...about, rule: 'audience-reused', message };
  }
  if (hosts !== undefined) {
    const message = `has the audience of row "${hosts.id}", on another host: each of them can play its tokens to the other; give each host its own`;
    yield { ...about, rule: 'audience-reused', severity: 'warning', message };
  }
}

function isSameAudience({ credential: a }: Hop, { credential: b }: Hop): boolean {
  return a.issuer === b.issuer && a.audience === b.audience;
}

function isSameScopes({ credential: a }: Hop, { credential: b }: Hop): boolean {
  return a.scopes.length === b.scopes.length && a.scopes.every((scope) => b.scopes.includes(scope));
}

/** Two names of one server share at least one. */
function isSameHosts({ match: a }: Hop, { match: b }: Hop): boolean {
  return a.hosts.some((host) => b.hosts.includes(host));
}
