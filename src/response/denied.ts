import type { RoutedHop } from '../matrix/hop.ts';
import type { Trail } from '../provenance/trail.ts';
import { Refusal } from '../refusals.ts';
import type { Denied } from './deny.ts';
import { protectedResource } from './protected-resource.ts';

/** Gathers what a denial may say from what became known until the refusal. */
export function denied(refusal: Refusal, trail: Trail): Denied {
  const { identity, peer, routed, wanted } = trail;
  return {
    decisionId: trail.decisionId,
    refusal: refusal.code === 'approval_required' ? naming(refusal, wanted) : refusal,
    retryAfter: retryAfter(refusal, routed),
    sender: routed?.hop.sender,
    // Where the request was not read, it may be gRPC: HTTP clients do not mind the header that those need.
    isGrpc: trail.isGrpc ?? true,
    detail: trail.denialDetail ?? 'class',
    hop: routed?.hop.id,
    scopes: routed?.hop.credential.scopes,
    resourceMetadata: routed && protectedResource(routed.hop)?.url,
    agent: identity?.agents[0] ?? peer?.id,
    subjectLabel: trail.subjectLabel,
    grant: trail.grant?.id,
    policyRevision: trail.policyRevision,
  };
}

/** Design §4: only faults are worth another try, and never one that hides a revocation. */
function retryAfter({ row, code }: Refusal, routed: RoutedHop | undefined): number | undefined {
  const onFailure = routed?.hop.onFailure;
  const mayRetry = row.class === 'fault' && code !== 'revocation_unavailable';
  return mayRetry && typeof onFailure === 'object' && 'retry' in onFailure ? onFailure.retry.after : undefined;
}

/** Policy knows why an approval is wanted; only we know what it must be for. */
function naming(refusal: Refusal, wanted: Trail['wanted']): Refusal {
  if (wanted === undefined || refusal.remediation?.includes(wanted.digest) === true) return refusal;
  const { grant, hop, digest } = wanted;
  const what = `Have a person approve this request: grant ${grant}, row ${hop}, digest ${digest}.`;
  const remediation = refusal.remediation === undefined ? what : `${refusal.remediation} ${what}`;
  return new Refusal(refusal.code, refusal.detail, { remediation, reasons: refusal.reasons });
}
