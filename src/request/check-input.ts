/**
 * read: CheckRequest in, frozen CheckInput out. Wire types end in this folder.
 * Refuses with the `read` codes of refusals.ts (threats E05–E18). Envoy ext_authz v3, AttributeContext.
 */

/** What became of the request body. `json` is present only where `state` is `ok`. */
export interface Body {
  readonly state: 'absent' | 'truncated' | 'invalid' | 'ok';
  readonly json?: unknown;
  /** True where it is `invalid` because two readers would see two bodies: a member named twice, two bodies that differ. */
  readonly isAmbiguous?: boolean;
}

/** One JSON-RPC message of an MCP request: what an `mcp` row permits or not. */
export interface McpCall {
  /** The JSON-RPC method; `response` for the client's answer to a request of the server, which has none. */
  readonly method: string;
  /** `params.name` of a `tools/call`. */
  readonly tool: string | undefined;
  /** `params.arguments` of a `tools/call`. */
  readonly arguments: Readonly<Record<string, unknown>> | undefined;
}

/** One request as Envoy will forward it. Every later step reads this and nothing else of the wire. */
export interface CheckInput {
  /** `tcp`: a connection that Envoy's network filter asks about. It has a peer, a destination and an SNI; the rest is empty. */
  readonly protocol: 'http' | 'tcp';
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
  /** Decoded query parameters, a null object: each name with all its values, in order. */
  readonly query: Readonly<Record<string, readonly string[]>>;
  /** Lower-case names, a null object; all headers but pseudo-headers; repeated ones joined with a comma. */
  readonly headers: Readonly<Record<string, string>>;
  /** True for `content-type: application/grpc…`: the denial then carries `grpc-status`. */
  readonly isGrpc: boolean;
  /** The mTLS peer as Envoy states it: the principal, and the URL-encoded PEM of the leaf. */
  readonly peer: { readonly principal: string; readonly certificate: string };
  /** The body, parsed when it is first asked for. */
  readonly body: () => Body;
  /**
   * What an MCP client asks for, read when it is first asked for: one message, the elements of a batch, or none where a
   * stream is opened (GET) or a session ended (DELETE).
   * @throws Refusal `body_truncated`, `body_unparseable`, `body_ambiguous`, `mcp_malformed`
   */
  readonly mcp: () => readonly McpCall[];
  /** `tcp` only: `IP:PORT` that the client connected to, `[IP]:PORT` for IPv6. */
  readonly destination: string | undefined;
  /** `tcp` only: the TLS server name that the client asked for, in lower case. */
  readonly sni: string | undefined;
}
