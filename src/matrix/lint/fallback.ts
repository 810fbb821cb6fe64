import { fallbackOf } from '../fallback-of.ts';
import type { Hop } from '../hop.ts';
import type { Draft, World } from './finding.ts';

/** From the loosest to the tightest. */
const SENDERS: readonly Hop['sender'][] = ['none', 'peer', 'dpop', 'mtls'];
const MODES: readonly Hop['delegation']['mode'][] = ['forbidden', 'optional', 'required'];

/** A fault must never open more than was asked for: the fallback is a strict part of the row (design §1.5, §4). */
export function* lintFallback({ matrix }: World): Generator<Draft> {
  for (const hop of matrix.hops.values()) {
    const { id } = hop;
    const target = matrix.hops.get(fallbackOf(hop) ?? '');
    if (target === undefined) continue;
    const wider = widenings(hop, target);
    if (wider.length === 0) continue;
    const message = `degrades to row "${target.id}", which is no strict part of it: ${wider.join('; ')}`;
    yield {
      rule: 'degrade-not-narrower',
      severity: 'error',
      hop: id,
      keys: ['hops', id, 'onFailure', 'degrade', 'to'],
      message,
    };
  }
}

function widenings(hop: Hop, to: Hop): readonly string[] {
  const [from, less] = [hop.credential, to.credential];
  const newScopes = less.scopes.filter((scope) => !from.scopes.includes(scope));
  const newAgents = to.agents.filter(({ name }) => !hop.agents.some((agent) => agent.name === name));
  const isLess = less.scopes.length < from.scopes.length || to.delegation.action !== hop.delegation.action;
  return [
    from.type !== less.type || from.issuer !== less.issuer || from.audience !== less.audience
      ? 'it takes another credential'
      : '',
    newScopes.length > 0 ? `it takes scope ${newScopes.join(', ')}` : '',
    newAgents.length > 0 ? `it admits agent ${newAgents.map(({ name }) => name).join(', ')}` : '',
    less.maxLifetime > from.maxLifetime ? 'it takes tokens that live longer' : '',
    SENDERS.indexOf(to.sender) < SENDERS.indexOf(hop.sender) ? 'it binds the sender less tightly' : '',
    MODES.indexOf(to.delegation.mode) < MODES.indexOf(hop.delegation.mode) ? 'it demands less delegation' : '',
    bindsLess(hop, to) ? 'it binds less context' : '',
    hop.delegation.grant !== to.delegation.grant ? 'it rests on another kind of grant' : '',
    hop.delegation.approval !== undefined && to.delegation.approval === undefined ? 'it needs no approval' : '',
    isLess ? '' : 'it has the same scopes and the same action',
  ].filter((text) => text !== '');
}

/** Path segments may be named otherwise: both templates fit the same path. */
function bindsLess(hop: Hop, to: Hop): boolean {
  return Object.entries(hop.delegation.context).some(([key, { from, name }]) => {
    const source = to.delegation.context[key];
    return source?.from !== from || (from !== 'path' && source.name !== name);
  });
}
