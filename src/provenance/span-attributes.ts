import { ALLOWED } from '../refusals.ts';
import { bounded } from './bounded.ts';
import { outcomeOf } from './outcome.ts';
import type { SpanAttributes } from './span.ts';
import type { Trail } from './trail.ts';

/** More former actors than this are history that no one reads on a span; the record has them all. */
const LONGEST_CHAIN = 8;

/**
 * The attributes of `behalf.check`: what became known, each value bounded in length. Ids and codes only: never a token,
 * a key, or a value of the request (threats T07).
 */
export function spanAttributes(trail: Trail): SpanAttributes {
  const { refusal, routed, matrixRevision, policyRevision } = trail;
  const attributes: SpanAttributes = {
    'behalf.decision.id': trail.decisionId,
    'opa.decision_id': trail.decisionId,
    'behalf.decision.outcome': outcomeOf(trail),
    'behalf.decision.reason': refusal === undefined ? ALLOWED : refusal.code,
  };
  if (refusal?.row.class === 'fault') {
    attributes['error.type'] = refusal.code;
  }
  if (matrixRevision !== undefined) {
    attributes['behalf.matrix.revision'] = matrixRevision;
  }
  if (policyRevision !== undefined) {
    attributes['behalf.policy.revision'] = bounded(policyRevision);
  }
  if (routed !== undefined) {
    attributes['behalf.hop'] = bounded(routed.hop.id);
    attributes['behalf.boundary'] = bounded(routed.hop.boundary);
  }
  if (trail.fallback !== undefined) {
    attributes['behalf.fallback'] = bounded(trail.fallback.to);
  }
  addIdentity(attributes, trail);
  return attributes;
}

function addIdentity(attributes: SpanAttributes, { peer, identity, subjectLabel, grant }: Trail): void {
  if (peer !== undefined) {
    attributes['behalf.peer.id'] = bounded(peer.id);
  }
  if (identity !== undefined) {
    attributes['behalf.token.issuer'] = bounded(identity.token.issuer);
    if (subjectLabel !== undefined) {
      attributes['behalf.subject.id'] = subjectLabel;
    }
    const [agent] = identity.agents;
    if (agent !== undefined) {
      attributes['behalf.agent.id'] = bounded(agent);
    }
    if (identity.chain.length > 0) {
      attributes['behalf.agent.chain'] = identity.chain.slice(0, LONGEST_CHAIN).map(({ id }) => bounded(id));
    }
  }
  if (grant !== undefined) {
    attributes['behalf.grant.id'] = bounded(grant.id);
    attributes['behalf.task.id'] = bounded(grant.task);
  }
}
