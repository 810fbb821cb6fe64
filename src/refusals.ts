/**
 * The closed table of refusals. One code per denied Check: the first step that fails names it.
 * The same word is the record's `authz.reason`, the metric label, the span attribute, the dynamic-metadata value and
 * the heading in docs/refusals.md; refusals.test.ts keeps table and page equal both ways.
 *
 * To add a code: add one line here and one heading in docs/refusals.md.
 */

/** How a refusal looks on the wire: HTTP status, gRPC code (google.rpc.Code), and the word the client may read. */
export const CLASSES = {
  malformed: { http: 400, grpc: 3 },
  unauthenticated: { http: 401, grpc: 16 },
  forbidden: { http: 403, grpc: 7 },
  shed: { http: 429, grpc: 8 },
  fault: { http: 503, grpc: 14 },
} as const;

export type RefusalClass = keyof typeof CLASSES;

const TABLE = {
  // receive
  malformed_check_request: ['malformed', 'The Check message is not one that Envoy sends.'],
  caller_not_envoy: ['unauthenticated', 'The caller of the Check port is not an Envoy that may ask.'],
  overloaded: ['shed', 'More Checks are in flight than this process takes on.'],
  not_ready: ['fault', 'The service has no complete configuration yet.'],
  deadline_exceeded: ['fault', 'The decision was not ready in time.'],
  internal_error: ['fault', 'The service failed while it decided.'],
  // read
  header_encoding_conflict: ['malformed', 'The request headers were sent twice and disagree.'],
  path_not_canonical: ['malformed', 'Two parsers could read the request path differently.'],
  host_ambiguous: ['malformed', 'The request names its host in more than one way.'],
  method_unsupported: ['malformed', 'The request method is not one we decide on.'],
  credential_ambiguous: ['malformed', 'The request carries more than one credential.'],
  body_truncated: ['malformed', 'The row reads the request body, and it is not complete.'],
  body_unparseable: ['malformed', 'The row reads the request body, and it is not unambiguous JSON.'],
  body_ambiguous: ['malformed', 'The body can be read in more than one way.'],
  mcp_malformed: ['malformed', 'The body is not a JSON-RPC message of the Model Context Protocol.'],
  // route
  hop_unknown: ['forbidden', 'No row of the auth matrix is for this request.'],
  hop_mismatch: ['forbidden', 'The request is not the one that the named row is for.'],
  hop_ambiguous: ['forbidden', 'More than one row of the auth matrix is for this request.'],
  // identify: the peer
  peer_missing: ['unauthenticated', 'The caller presented no client certificate.'],
  peer_cert_unparseable: ['unauthenticated', 'The client certificate cannot be read.'],
  peer_cert_expired: ['unauthenticated', 'The client certificate is outside its validity.'],
  peer_cert_not_leaf: ['unauthenticated', 'The client certificate is not an X.509-SVID leaf.'],
  peer_identity_conflict: ['unauthenticated', 'The proxy and the certificate name different callers.'],
  peer_cert_unverified: [
    'unauthenticated',
    'The client certificate is not signed by an authority of its trust domain.',
  ],
  trust_domain_ca_mismatch: [
    'unauthenticated',
    'The client certificate is signed by the authority of another trust domain.',
  ],
  xfcc_malformed: ['unauthenticated', 'The x-forwarded-client-cert header cannot be read in one way.'],
  xfcc_chain_untrusted: [
    'unauthenticated',
    'The x-forwarded-client-cert header was not written by the trusted proxies.',
  ],
  xfcc_untrusted: [
    'unauthenticated',
    'The x-forwarded-client-cert header contradicts the certificate, where it is not trusted.',
  ],
  jwt_svid_invalid: ['unauthenticated', 'The row wants a JWT-SVID, and there is no valid one.'],
  spiffe_not_uri_san: ['unauthenticated', 'The client certificate has no URI SAN.'],
  spiffe_multiple_uri_san: ['unauthenticated', 'The client certificate has more than one URI SAN.'],
  spiffe_id_invalid: ['unauthenticated', 'The client certificate does not hold a valid SPIFFE ID.'],
  trust_domain_unknown: ['unauthenticated', 'The caller is from a trust domain that is not accepted.'],
  agent_not_permitted: ['forbidden', 'The row does not name this agent.'],
  // identify: the token
  token_missing: ['unauthenticated', 'The request carries no bearer token.'],
  credential_location: ['unauthenticated', 'The credential is not a bearer token in the authorization header.'],
  token_too_large: ['unauthenticated', 'The token is larger than we read.'],
  token_format: ['unauthenticated', 'The token is not a compact JWS.'],
  token_ambiguous: ['unauthenticated', 'The token names a member twice.'],
  header_param_forbidden: ['unauthenticated', 'The token brings its own key.'],
  crit_unsupported: ['unauthenticated', 'The token demands an extension that we do not have.'],
  issuer_unknown: ['unauthenticated', 'The token is not from the issuer that the row accepts.'],
  alg_not_allowed: ['unauthenticated', 'The token is signed in a way that its issuer may not use.'],
  token_type_mismatch: ['unauthenticated', 'The token is of another kind than the row accepts.'],
  kid_invalid: ['unauthenticated', 'The token does not name its key properly.'],
  key_unknown: ['unauthenticated', 'The token names a key that its issuer does not publish.'],
  key_ambiguous: ['unauthenticated', 'The issuer publishes several keys that the token could mean.'],
  jwks_unavailable: ['fault', 'The keys of the issuer cannot be had.'],
  token_signature_invalid: ['unauthenticated', 'The signature of the token is wrong.'],
  token_inactive: ['unauthenticated', 'The issuer says that the token is not active.'],
  introspection_unavailable: ['fault', 'The issuer could not be asked about the token.'],
  claim_type: ['unauthenticated', 'A claim of the token has the wrong type or is missing.'],
  token_expired: ['unauthenticated', 'The token has expired.'],
  token_not_yet_valid: ['unauthenticated', 'The token is not valid yet.'],
  token_lifetime_too_long: ['unauthenticated', 'The token lives longer than the row accepts.'],
  aud_mismatch: ['unauthenticated', 'The token is for another audience.'],
  scope_missing: ['forbidden', 'The token lacks a scope that the row demands.', 'public'],
  cnf_unsupported: ['unauthenticated', 'The token is bound to a key, and this version cannot check the binding.'],
  cnf_cert_mismatch: ['unauthenticated', 'The token is bound to another client certificate.'],
  cnf_missing: ['unauthenticated', 'The row wants a token that is bound to a certificate.'],
  dpop_required: ['unauthenticated', 'The token is bound to a DPoP key, and no proof came with it.'],
  dpop_binding_missing: ['unauthenticated', 'The token is not bound to the key of a DPoP proof.'],
  dpop_malformed: ['unauthenticated', 'The DPoP proof is malformed.'],
  dpop_alg: ['unauthenticated', 'The DPoP proof is signed in a way that is not accepted.'],
  dpop_signature_invalid: ['unauthenticated', 'The signature of the DPoP proof is wrong.'],
  dpop_key_mismatch: ['unauthenticated', 'The DPoP proof is of another key than the token.'],
  dpop_htm_mismatch: ['unauthenticated', 'The DPoP proof is for another method.'],
  dpop_htu_mismatch: ['unauthenticated', 'The DPoP proof is for another URL.'],
  dpop_ath_mismatch: ['unauthenticated', 'The DPoP proof is for another token.'],
  dpop_stale: ['unauthenticated', 'The DPoP proof is too old or from the future.'],
  dpop_nonce_required: ['unauthenticated', 'The DPoP proof needs our nonce.', 'public'],
  // identify: the actor
  actor_chain_invalid: ['unauthenticated', 'The actor claim of the token is malformed.'],
  actor_unknown: ['forbidden', 'The actor of the token is not an agent of the matrix.'],
  actor_peer_mismatch: ['forbidden', 'The token was issued to another agent than the caller.'],
  may_act_mismatch: ['forbidden', 'The subject does not let this actor act for it.'],
  actor_tenant_mismatch: ['forbidden', 'The actor is of another tenant than the subject.'],
  exception_expired: ['forbidden', 'An exception of the row has run out.'],
  revocation_unavailable: ['fault', 'What is revoked is not known well enough.'],
  issuer_disabled: ['unauthenticated', 'The issuer of the token is revoked.'],
  key_revoked: ['unauthenticated', 'The key that signed the token is revoked.'],
  token_revoked: ['unauthenticated', 'The token is revoked.'],
  subject_disabled: ['forbidden', 'The subject of the token is revoked.'],
  actor_disabled: ['forbidden', 'The agent is revoked.'],
  // delegate
  actor_missing: ['forbidden', 'The row demands delegation, and the token names no actor.'],
  delegation_forbidden: ['forbidden', 'The row forbids delegation, and the token names an actor.'],
  grant_missing: ['forbidden', 'The token carries no grant that the row can rely on.'],
  grant_invalid: ['forbidden', 'The grant in the token is malformed.'],
  grant_expired: ['forbidden', 'The grant has expired.'],
  grant_revoked: ['forbidden', 'The grant is revoked.'],
  grant_widening: ['forbidden', 'The grant allows more than the one that it descends from.'],
  grant_spent: ['forbidden', 'The budget of the grant is used up.'],
  grant_scope: ['forbidden', 'The grant is not for this action, target or context.'],
  // decide
  policy_undefined: ['forbidden', 'The policy has no answer to this request.'],
  policy_result_invalid: ['fault', 'The policy answered something other than a decision.'],
  policy_builtin_error: ['fault', 'A builtin of the policy failed.'],
  policy_trap: ['fault', 'The policy failed while it ran.'],
  policy_timeout: ['fault', 'The policy took too long.'],
  approval_required: ['forbidden', 'A person must approve this action first.', 'public'],
  policy_denied: ['forbidden', 'The policy does not permit this action.'],
  dpop_replayed: ['unauthenticated', 'The DPoP proof was used before.'],
  token_replayed: ['unauthenticated', 'The single-use token was used before.'],
  replay_store_unavailable: ['fault', 'What was used before cannot be known.'],
  spend_unavailable: ['fault', 'The budget or approval could not be charged.'],
  // answer
  claim_not_header_safe: ['forbidden', 'An identity claim cannot be passed on as a header.'],
} as const satisfies Record<string, readonly [RefusalClass, string, 'public'?]>;

export type RefusalCode = keyof typeof TABLE;

/** One row of the table. `isPublic`: the client is told the code and what to do next, whatever `denials.detail` says. */
export interface RefusalRow {
  readonly code: RefusalCode;
  readonly class: RefusalClass;
  readonly httpStatus: (typeof CLASSES)[RefusalClass]['http'];
  readonly grpcCode: (typeof CLASSES)[RefusalClass]['grpc'];
  readonly text: string;
  readonly isPublic: boolean;
  readonly docs: string;
}

/** The table, frozen, in the order in which the steps run. */
export const REFUSALS = Object.freeze(
  Object.fromEntries(
    Object.entries(TABLE).map(
      ([code, [cls, text, visibility]]: [string, readonly [RefusalClass, string, 'public'?]]) => [
        code,
        Object.freeze({
          code,
          class: cls,
          httpStatus: CLASSES[cls].http,
          grpcCode: CLASSES[cls].grpc,
          text,
          isPublic: visibility === 'public',
          docs: `docs/refusals.md#${code}`,
        }),
      ],
    ),
  ) as Record<RefusalCode, RefusalRow>,
);

/** True where `code` is a word of the table. */
export function isRefusalCode(code: string): code is RefusalCode {
  return Object.hasOwn(REFUSALS, code);
}

/** The `reason` of an allow, wherever a refusal's code would stand. */
export const ALLOWED = 'allowed';

export interface RefusalOptions {
  readonly cause?: unknown;
  readonly remediation?: string;
  /** With `dpop_nonce_required`: the nonce that the next proof must carry. */
  readonly dpopNonce?: string;
  readonly reasons?: readonly { readonly code: string; readonly message: string }[];
}

/**
 * The one way a step says no. `detail` is for the operator's record and span: it names the check that failed and never
 * holds a token, a key or a claim value. `remediation` is for the client, and only sent with public codes.
 */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: RefusalCode;
  readonly detail: string;
  readonly remediation: string | undefined;
  readonly dpopNonce: string | undefined;
  /** Policy's own reasons, where policy refused. */
  readonly reasons: readonly { readonly code: string; readonly message: string }[];

  constructor(code: RefusalCode, detail: string, options: RefusalOptions = {}) {
    // A refusal is an answer, not a bug: no stack is collected, which would cost more than the check that failed.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(`${code}: ${detail}`, options.cause === undefined ? undefined : { cause: options.cause });
    Error.stackTraceLimit = stackTraceLimit;
    this.code = code;
    this.detail = detail;
    this.remediation = options.remediation;
    this.dpopNonce = options.dpopNonce;
    this.reasons = options.reasons ?? [];
  }

  get row(): RefusalRow {
    return REFUSALS[this.code];
  }
}
