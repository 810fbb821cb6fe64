/**
 * read: CheckRequest in, frozen CheckInput out. Wire types end in this folder.
 * Refuses with the `read` codes of refusals.ts (threats E05–E17). Envoy ext_authz v3, AttributeContext.
 */

/** What became of the request body. `json` is present only where `state` is `ok`. */
export interface Body {
  readonly state: 'absent' | 'truncated' | 'invalid' | 'ok';
  readonly json?: unknown;
}

/** One request as Envoy will forward it. Every later step reads this and nothing else of the wire. */
export interface CheckInput {
  /** `context_extensions["behalf.hop"]`: the row that Envoy's route names. */
  readonly namedHop: string | undefined;
  /** Envoy's request id. A client can set it: for correlation only. */
  readonly requestId: string | undefined;
  readonly method: string;
  /** Lower-case; with its port unless that is 80 or 443. */
  readonly host: string;
  /** The path alone, exactly as Envoy forwards it; begins with `/`; no query. */
  readonly path: string;
  /** `path` split at `/`, without the empty first element. */
  readonly segments: readonly string[];
  /** The query exactly as Envoy forwards it, without the `?`. */
  readonly rawQuery: string;
  /** Decoded query parameters, null prototype: each name with all its values, in order. */
  readonly query: Readonly<Record<string, readonly string[]>>;
  /** Lower-case names, null prototype; all headers but pseudo-headers; repeated ones joined with a comma. */
  readonly headers: Readonly<Record<string, string>>;
  /** True for `content-type: application/grpc…`: the denial then carries `grpc-status`. */
  readonly isGrpc: boolean;
  /** The mTLS peer as Envoy states it: the principal, and the URL-encoded PEM of the leaf. */
  readonly peer: { readonly principal: string; readonly certificate: string };
  /** The body, parsed when it is first asked for. */
  readonly body: () => Body;
}
