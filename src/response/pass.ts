import type { Trail } from '../provenance/trail.ts';
import type { Refusal } from '../refusals.ts';
import type { Answer } from './answer.ts';
import { header, withheld } from './headers.ts';
import { metadata } from './metadata.ts';

/**
 * Lets a request pass that was refused, because its row is only observed yet (`rollout: observe`, design §4). It says
 * nothing of who asked: nothing was proven, so the upstream gets no identity, and every spelling of one that the client
 * sent is removed, and its JWT-SVID. Dynamic metadata says what enforcing would have done.
 */
export function pass(
  decisionId: string,
  refusal: Refusal,
  { input, routed, peer }: Pick<Trail, 'input' | 'routed' | 'peer'>,
): Answer {
  const headers = [header('x-behalf-decision', decisionId)];
  const headers_to_remove = withheld(input?.headers ?? {}, new Set(['x-behalf-decision']), peer?.id);
  const facts = { decision_id: decisionId, outcome: 'observe', reason: refusal.code, hop: routed?.hop.id } as const;
  return {
    kind: 'allow',
    message: {
      status: { code: 0 },
      ok_response: { headers, headers_to_remove },
      dynamic_metadata: metadata(facts),
    },
  };
}
