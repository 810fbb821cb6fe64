/**
 * route: CheckInput in, one row out. A Hop is a matrix row with every reference resolved, so that later steps look
 * nothing up. Refuses with `hop_unknown`, `hop_mismatch`, `hop_ambiguous`.
 */
import type { McpCall } from '../request/check-input.ts';
import type { PathTemplate } from './path-template.ts';

/** An agent of the matrix: one SPIFFE ID, and the names that identity providers without SPIFFE have for it. */
export interface Agent {
  readonly name: string;
  readonly spiffeId: string;
  /** authority name → client id. */
  readonly clientIds: Readonly<Record<string, string>>;
}

/** Who issues an identity. Only `grants: true` authorities may assert grants in their tokens. */
export interface Authority {
  readonly name: string;
  readonly kind: 'spiffe' | 'oidc' | 'broker';
  readonly issuer: string | undefined;
  readonly owner: string;
  readonly grants: boolean;
}

/** Where the request shows a context value: `path.NAME`, `query.NAME`, `header.NAME` or `body./json/pointer`. */
export interface ContextSource {
  readonly from: 'path' | 'query' | 'header' | 'body';
  readonly name: string;
}

/**
 * Which requests a row is for, as Envoy sees them. `hosts`, `methods` and `path` are there for every protocol that is HTTP
 * on the wire (all but `tcp`); the others where the protocol has them.
 */
export interface Match {
  readonly hosts: readonly string[];
  readonly methods: readonly string[];
  readonly path: PathTemplate | undefined;
  /** `mcp` rows: JSON-RPC methods, and, for `tools/call`, the tools. An empty `tools` list names none. */
  readonly mcp: { readonly methods: readonly string[]; readonly tools: readonly string[] } | undefined;
  /** `queue.*` rows: the one topic; the path has a `{topic}` segment that must equal it. */
  readonly topic: string | undefined;
  /** `tcp` rows: `IP:PORT` of the destination, or the TLS server name that the client asked for; both where both are set. */
  readonly destination: string | undefined;
  readonly sni: string | undefined;
}

/** A deviation from a rule that somebody owns. Past `expires` (milliseconds since the epoch) the row denies. */
export interface HopException {
  readonly rule: string;
  readonly owner: string;
  readonly reason: string;
  readonly expires: number;
}

/** What an approval binds: the row, and the digest of these body fields (JSON pointers). */
export interface ApprovalRule {
  /** `always`: before policy is asked. `policy`: where policy demands it. */
  readonly when: 'policy' | 'always';
  readonly body: readonly string[];
  readonly maxBytes: number;
}

export type CredentialType =
  | 'access-token'
  | 'exchanged-token'
  | 'transaction-token'
  | 'mtls-only'
  | 'message-claim'
  | 'federated-token';

/** What must arrive. `mtls-only` rows have no token: the peer itself is the subject, and the token members are unused. */
export interface Credential {
  readonly type: CredentialType;
  readonly authority: Authority;
  readonly issuer: string;
  readonly audience: string;
  readonly scopes: readonly string[];
  readonly maxLifetime: number;
  /** True where each token serves one request. */
  readonly singleUse?: boolean;
}

/** What revokes a credential or grant of this row, and how soon it must bite. */
export type RevokedBy = 'token' | 'grant' | 'subject' | 'agent' | 'key' | 'issuer';

/** One row of the auth matrix. Durations are in seconds. */
export interface Hop {
  readonly id: string;
  readonly description: string;
  readonly protocol: 'http' | 'grpc' | 'mcp' | 'tcp' | 'queue.publish' | 'queue.consume' | 'sdk';
  readonly boundary: string;
  readonly match: Match;
  readonly agents: readonly Agent[];
  readonly credential: Credential;
  /** What binds token and caller: the actor is the peer, `cnf.x5t#S256`, `cnf.jkt`, or (by exception) nothing. */
  readonly sender: 'peer' | 'mtls' | 'dpop' | 'none';
  /** Where the peer's proof is: its connection, or a JWT-SVID for this audience. */
  readonly peer: { readonly from: 'connection' } | { readonly from: 'jwt-svid'; readonly audience: string };
  readonly delegation: {
    readonly mode: 'required' | 'optional' | 'forbidden';
    readonly grant: 'stored' | 'token' | 'both';
    readonly action: string;
    readonly context: Readonly<Record<string, ContextSource>>;
    /** True: the store itself is asked once more before the answer, not only what is in memory. */
    readonly recheck: boolean;
    readonly approval: ApprovalRule | undefined;
  };
  readonly revocation: { readonly by: readonly RevokedBy[]; readonly within: number } | undefined;
  readonly onFailure:
    | 'deny'
    | { readonly retry: { readonly after: number } }
    | { readonly degrade: { readonly to: string } };
  /** `until` is in milliseconds since the epoch; past it the row enforces. */
  readonly rollout: { readonly mode: 'enforce' } | { readonly mode: 'observe'; readonly until: number };
  readonly stream: { readonly maxDuration: number } | undefined;
  readonly exceptions: readonly HopException[];
}

/** A row that matched, with the values of its `{name}` path segments. */
export interface RoutedHop {
  readonly hop: Hop;
  readonly params: Readonly<Record<string, string>>;
  /** `mcp` rows: what the client asks for, each permitted by the row. Empty where a stream is opened or a session ended. */
  readonly mcp?: readonly McpCall[];
}

/** The whole matrix, compiled. `revision` is the first 12 hex digits of the file's SHA-256. */
export interface Matrix {
  readonly revision: string;
  readonly trustDomain: string;
  /** `trustDomain` and `federates`: the only trust domains that are accepted. */
  readonly trustDomains: ReadonlySet<string>;
  readonly routing: 'explicit' | 'match';
  /** All agents of the matrix; an actor must be one of them. */
  readonly agents: readonly Agent[];
  readonly hops: ReadonlyMap<string, Hop>;
}
