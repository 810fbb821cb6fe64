/**
 * identify: certificate and token in, Identity out. Two layers, never one for the other (design §1.1): the
 * certificate says which workload calls, the token for whom and how far. Refuses with the `peer_*`, `spiffe_*`,
 * `token_*` … codes. SPIFFE-ID and X509-SVID specs, RFC 7519, RFC 9068, RFC 8693 §4.1.
 */

/** The workload at the other end of the mTLS connection. */
export interface Peer {
  /** SPIFFE ID. */
  readonly id: string;
  readonly trustDomain: string;
  /** SHA-256 of the certificate's DER, base64url: what `cnf.x5t#S256` is compared with (RFC 8705 §3.1). */
  readonly thumbprint: string | undefined;
}

/** The agent acting now: the outermost `act` of the token. */
export interface Actor {
  /** SPIFFE ID. */
  readonly id: string;
  /** The agent's name in the matrix. */
  readonly agent: string;
  /** Who named it: `act.iss`, else the issuer of the token. */
  readonly issuer: string;
}

/** A former actor: history only, never an input to authorization (RFC 8693 §4.1). */
export interface PastActor {
  readonly id: string;
  readonly issuer: string;
}

/** Everything identified about one call. Times are NumericDate, in seconds. */
export interface Identity {
  readonly peer: Peer;
  readonly subject: {
    readonly id: string;
    readonly issuer: string;
    /** The token's other claims: no registered ones, no grants. */
    readonly claims: Readonly<Record<string, unknown>>;
  };
  /** Absent where the subject acts for itself. */
  readonly actor: Actor | undefined;
  readonly chain: readonly PastActor[];
  /**
   * The agents of the matrix, by name, that have a hand in it: first who acts, then who carries the token where that is
   * another one (`sender: none`). Revoking either revokes this.
   */
  readonly agents: readonly string[];
  readonly token: {
    readonly issuer: string;
    readonly type: string;
    readonly audience: readonly string[];
    readonly scopes: readonly string[];
    readonly expiresAt: number;
    readonly issuedAt: number;
    /**
     * Names the credential for revocation: a hash of issuer and `jti`; of what was signed, where there is no `jti`; or of
     * what stands in for a token (token-id.ts).
     */
    readonly id: string;
    /** The key that signed it, where it was named. */
    readonly keyId: string | undefined;
    /** `authorization_details` (RFC 9396), unread. */
    readonly authorizationDetails: unknown;
  };
  /** What must not be used twice, such as a DPoP proof: claimed in the store once everything else permits the request. */
  readonly once: readonly OneUse[];
}

/** Something that may be used once. `key` is unambiguous over all kinds; `until` is in milliseconds since the epoch. */
export interface OneUse {
  readonly kind: 'dpop' | 'token';
  readonly key: string;
  readonly until: number;
}
