import type { HeaderValueOption } from '../generated/envoy/config/core/v3/HeaderValueOption.ts';
import type { Refusal } from '../refusals.ts';
import type { Answer } from './answer.ts';
import { header } from './headers.ts';
import { metadata } from './metadata.ts';
import { resourceChallenge } from './resource-challenge.ts';

/** What proofs may be signed with; a test keeps it equal to identity/dpop-key.ts. */
const DPOP_ALGS = 'ES256 ES384 Ed25519 EdDSA PS256 RS256';
/** The proof may be good: the token is not for its key, or came without a proof. */
const BINDING_CODES = ['dpop_required', 'dpop_binding_missing', 'dpop_key_mismatch'];

/** What a denial may know; everything but the refusal can be missing, as the Check can end at any step. */
export interface Denied {
  readonly decisionId: string;
  readonly refusal: Refusal;
  readonly isGrpc: boolean;
  /** Seconds after which a fault is worth another try. */
  readonly retryAfter?: number | undefined;
  /** `denials.detail`: `class` tells the client only the class; `full` is for development. */
  readonly detail: 'class' | 'full';
  readonly hop?: string | undefined;
  /** The scopes of the row, for the `insufficient_scope` challenge. */
  readonly scopes?: readonly string[] | undefined;
  /** `sender` of the row: where it is `dpop`, challenges ask for a DPoP token. */
  readonly sender?: string | undefined;
  /** `mcp` rows: where a client finds out how to get a token (RFC 9728). */
  readonly resourceMetadata?: string | undefined;
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

function headersOf({ refusal, isGrpc, scopes, sender, resourceMetadata, retryAfter }: Denied): HeaderValueOption[] {
  const { row } = refusal;
  const headers = [header('content-type', 'application/json'), header('cache-control', 'no-store')];
  const challenge = challengeOf(refusal, scopes, sender);
  if (challenge !== undefined) {
    const full = resourceMetadata === undefined ? challenge : resourceChallenge(challenge, resourceMetadata, scopes);
    headers.push(header('www-authenticate', full));
  }
  // RFC 9449 §9: the next proof must carry it.
  if (refusal.dpopNonce !== undefined) headers.push(header('dpop-nonce', refusal.dpopNonce));
  if (retryAfter !== undefined) headers.push(header('retry-after', String(retryAfter)));
  // For gRPC requests Envoy would map 400 to 13 and 429 to 14; it honours this header instead.
  if (isGrpc) headers.push(header('grpc-status', String(row.grpcCode)));
  return headers;
}

/** RFC 6750 §3, RFC 9449 §7.1: no error code where there was no token; `insufficient_scope` with what is needed. */
function challengeOf({ code, row }: Refusal, scopes: readonly string[] = [], sender = ''): string | undefined {
  const [scheme, parameters] = isAboutProof(code, sender) ? ['DPoP', [`algs="${DPOP_ALGS}"`]] : ['Bearer', []];
  if (code === 'scope_missing') parameters.unshift('error="insufficient_scope"', `scope="${scopes.join(' ')}"`);
  else if (row.class !== 'unauthenticated') return undefined;
  else if (code !== 'token_missing' && code !== 'credential_location' && !isAboutPeer(code)) {
    parameters.unshift(`error="${errorOf(code)}"`);
  }
  return [scheme, parameters.join(', ')].join(' ').trimEnd();
}

/** RFC 9449 §7.1, §9: what is wrong is the proof, or the token that it should be for. */
function errorOf(code: string): string {
  if (code === 'dpop_nonce_required') return 'use_dpop_nonce';
  return code.startsWith('dpop_') && !BINDING_CODES.includes(code) ? 'invalid_dpop_proof' : 'invalid_token';
}

function isAboutProof(code: string, sender: string): boolean {
  return sender === 'dpop' || code.startsWith('dpop_');
}

/** Another token would not help: it was not looked at. */
const ABOUT_PEER = /^(?:peer|spiffe|xfcc|jwt_svid|trust_domain|caller)_/;

function isAboutPeer(code: string): boolean {
  return ABOUT_PEER.test(code);
}

function bodyOf({ decisionId, refusal, detail }: Denied): string {
  const { row } = refusal;
  const told = { decision_id: decisionId, class: row.class };
  if (row.isPublic) {
    return JSON.stringify({ ...told, reason: refusal.code, remediation: refusal.remediation ?? row.text });
  }
  return JSON.stringify(detail === 'full' ? { ...told, reason: refusal.code, detail: refusal.detail } : told);
}
