import type { HeaderValueOption } from '../generated/envoy/config/core/v3/HeaderValueOption.ts';
import type { Refusal } from '../refusals.ts';
import type { Answer } from './answer.ts';
import { header } from './headers.ts';
import { metadata } from './metadata.ts';

/** What a denial may know; everything but the refusal can be missing, as the Check can end at any step. */
export interface Denied {
  readonly decisionId: string;
  readonly refusal: Refusal;
  readonly isGrpc: boolean;
  /** `denials.detail`: `class` tells the client only the class; `full` is for development. */
  readonly detail: 'class' | 'full';
  readonly hop?: string | undefined;
  /** The scopes of the row, for the `insufficient_scope` challenge. */
  readonly scopes?: readonly string[] | undefined;
  readonly agent?: string | undefined;
  readonly subjectLabel?: string | undefined;
  readonly grant?: string | undefined;
  readonly policyRevision?: string | undefined;
}

/**
 * Says deny: the class and the decision's id to the client, the exact reason to the access log (design §8; threats
 * E25). Codes marked public also tell the client what to do next. Always a `denied_response` with a status: an error
 * would become an ALLOW under `failure_mode_allow`.
 */
export function deny(facts: Denied): Answer {
  const { refusal } = facts;
  const { row } = refusal;
  return {
    kind: 'deny',
    message: {
      status: { code: row.grpcCode },
      denied_response: { status: { code: row.httpStatus }, headers: headersOf(facts), body: bodyOf(facts) },
      dynamic_metadata: metadata({
        decision_id: facts.decisionId,
        outcome: 'deny',
        reason: refusal.code,
        hop: facts.hop,
        agent: facts.agent,
        subject: facts.subjectLabel,
        grant: facts.grant,
        policy_revision: facts.policyRevision,
      }),
    },
  };
}

function headersOf({ refusal, isGrpc, scopes }: Denied): HeaderValueOption[] {
  const { row } = refusal;
  const headers = [header('content-type', 'application/json'), header('cache-control', 'no-store')];
  const challenge = challengeOf(refusal, scopes);
  if (challenge !== undefined) headers.push(header('www-authenticate', challenge));
  // For gRPC requests Envoy would map 400 to 13 and 429 to 14; it honours this header instead.
  if (isGrpc) headers.push(header('grpc-status', String(row.grpcCode)));
  return headers;
}

/** RFC 6750 §3: no error code where there was no token; `insufficient_scope` with what is needed. */
function challengeOf({ code, row }: Refusal, scopes: readonly string[] = []): string | undefined {
  if (code === 'scope_missing') return `Bearer error="insufficient_scope", scope="${scopes.join(' ')}"`;
  if (row.class !== 'unauthenticated') return undefined;
  return code === 'token_missing' || code === 'credential_location' || isAboutPeer(code)
    ? 'Bearer'
    : 'Bearer error="invalid_token"';
}

function isAboutPeer(code: string): boolean {
  return code.startsWith('peer_') || code.startsWith('spiffe_') || code === 'trust_domain_unknown';
}

function bodyOf({ decisionId, refusal, detail }: Denied): string {
  const { row } = refusal;
  const told = { decision_id: decisionId, class: row.class };
  if (row.isPublic) {
    return JSON.stringify({ ...told, reason: refusal.code, remediation: refusal.remediation ?? row.text });
  }
  return JSON.stringify(detail === 'full' ? { ...told, reason: refusal.code, detail: refusal.detail } : told);
}
