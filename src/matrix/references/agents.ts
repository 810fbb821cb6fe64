import type { MatrixFile } from '../schema.ts';
import type { Contradiction } from './contradiction.ts';
import { unknown } from './unknown.ts';

/** Every identity is of a trust domain that is accepted, and belongs to one agent. */
export function* checkAgents({ agents, authorities, trustDomain, federates }: MatrixFile): Generator<Contradiction> {
  const own = federates.indexOf(trustDomain);
  if (own >= 0) yield { keys: ['federates', own], message: 'this is trustDomain itself; remove it' };
  const names = new Map<string, string>();
  for (const [name, { spiffeId, clientIds }] of Object.entries(agents)) {
    const keys = ['agents', name, 'spiffeId'];
    const domain = spiffeId.split('/')[2] ?? '';
    if (domain !== trustDomain && !federates.includes(domain)) {
      yield { keys, message: `its trust domain "${domain}" is neither trustDomain nor in federates` };
    }
    yield* claim(names, keys, spiffeId, name);
    for (const [authority, clientId] of Object.entries(clientIds)) {
      const at = ['agents', name, 'clientIds', authority];
      const kind = Object.hasOwn(authorities, authority) ? authorities[authority]?.kind : undefined;
      if (kind === undefined || kind === 'spiffe')
        yield { keys: at, message: unknown('authority of kind oidc or broker', authority, authorities) };
      yield* claim(names, at, `${authority} ${clientId}`, name);
    }
  }
}

/** One identity, one agent: else it would be the order of the file that says who acts. */
function* claim(
  names: Map<string, string>,
  keys: readonly string[],
  identity: string,
  agent: string,
): Generator<Contradiction> {
  const other = names.get(identity);
  if (other !== undefined) yield { keys, message: `names agent "${other}" too; one identity is one agent` };
  names.set(identity, agent);
}
