import type { Grant } from '../delegation/grant.ts';
import type { Identity } from '../identity/identity.ts';
import type { RoutedHop } from '../matrix/hop.ts';
import { nullObject } from '../null-object.ts';
import type { CheckInput, McpCall } from '../request/check-input.ts';

/**
 * What Rego sees as `input`, version 1. docs/policy-input.md is generated from this type: change it here, raise
 * `version` when a member changes meaning, and run `npm run generate`.
 */
export interface PolicyInput {
  /** Raised when a member changes its meaning; new members may come without that. */
  readonly version: 1;
  /** The row of the auth matrix. */
  readonly hop: {
    /** Its key in the matrix. */
    readonly id: string;
    /** What is spoken: `http`, `grpc`, `mcp`, `tcp`, `queue.publish` … */
    readonly protocol: string;
    /** From where to where, as the row words it. */
    readonly boundary: string;
    /** What the row lets an agent do; one of `grant.actions` where there is a grant. */
    readonly action: string;
    /** Who the token is for; one of `token.audience`. */
    readonly audience: string;
    /** What the row demands; all of them are in `token.scopes`. */
    readonly scopes: readonly string[];
  };
  /** The mTLS peer: the workload that sends the request. `id` is its SPIFFE ID. */
  readonly peer: { readonly id: string; readonly trustDomain: string };
  /** Whom the action is for. */
  readonly subject: {
    /** The token's `sub`. */
    readonly id: string;
    /** Who vouches for it: compare ids of one issuer only. */
    readonly issuer: string;
    /** The token's non-registered claims, of whatever type its issuer gave them: check it before you rely on it. */
    readonly claims: Readonly<Record<string, unknown>>;
  };
  /** The agent acting now; null where the subject acts for itself. */
  readonly actor: {
    /** Its SPIFFE ID. */
    readonly id: string;
    /** Its name in the matrix. */
    readonly agent: string;
    /** Who named it. */
    readonly issuer: string;
  } | null;
  /** Former actors, newest first. History: never decide on it. */
  readonly chain: readonly { readonly id: string; readonly issuer: string }[];
  /** The verified token. */
  readonly token: {
    readonly issuer: string;
    readonly audience: readonly string[];
    readonly scopes: readonly string[];
    /** In seconds since the epoch. */
    readonly expiresAt: number;
    /** The `typ` of its header. */
    readonly type: string;
  };
  /**
   * The live grant that covers this request; null where the row does not require one and none was given. `target` is the
   * audience that it is for, `context` what it is limited to (the request agrees with it), `expiresAt` in seconds.
   */
  readonly grant: Grant | null;
  /** The request as Envoy forwards it. Header names are lower-case; credentials and `x-behalf-*` are left out. */
  readonly request: {
    readonly protocol: string;
    readonly method: string;
    /** Lower-case, without the default port. */
    readonly host: string;
    /** Without the query, as Envoy forwards it: percent-encodings stay. */
    readonly path: string;
    /** `path`, split at each `/`. */
    readonly segments: readonly string[];
    /** The values of the row's `{name}` path segments. */
    readonly params: Readonly<Record<string, string>>;
    /** Each query parameter with all its values, in order. */
    readonly query: Readonly<Record<string, readonly string[]>>;
    /** Repeated headers are one value, joined by commas. */
    readonly headers: Readonly<Record<string, string>>;
    /** `json` is null unless `state` is `ok`; its types are the client's: check them before you rely on them. */
    readonly body: { readonly state: 'absent' | 'truncated' | 'invalid' | 'ok'; readonly json: unknown };
  };
  /**
   * What an MCP client asks for; null on rows that are not `mcp`, and where a stream is opened or a session ended. Of a
   * batch, each element is asked about by itself, and all must be allowed.
   */
  readonly mcp: {
    /** The JSON-RPC method, such as `tools/call`. */
    readonly method: string;
    /** The tool of a `tools/call`, else null. */
    readonly tool: string | null;
    /** Its arguments. Their types are the client's: check them before you rely on them. */
    readonly arguments: Readonly<Record<string, unknown>> | null;
  } | null;
  /** When the Check was received, in seconds since the epoch. */
  readonly time: number;
}

/** Headers that policy never sees: credentials, and what a client could use to speak in our name. */
const HIDDEN = new Set([
  'authorization',
  'proxy-authorization',
  'cookie',
  'dpop',
  'x-forwarded-client-cert',
  'txn-token',
  'x-spiffe-jwt-svid',
]);

/** What the policy's input is made from. `now` is in milliseconds since the epoch; `call` is there on `mcp` rows. */
export interface PolicyFacts {
  readonly input: CheckInput;
  readonly routed: RoutedHop;
  readonly identity: Identity;
  readonly grant: Grant | undefined;
  readonly now: number;
  readonly call: McpCall | undefined;
}

/** Builds the policy's input from what the earlier steps proved. */
export function policyInput({ input, routed, identity, grant, now, call }: PolicyFacts): PolicyInput {
  const { hop, params } = routed;
  const { peer, subject, actor, chain, token } = identity;
  const body = input.body();
  return {
    version: 1,
    hop: {
      id: hop.id,
      protocol: hop.protocol,
      boundary: hop.boundary,
      action: hop.delegation.action,
      audience: hop.credential.audience,
      // A copy: V8 writes a frozen list as JSON at half the speed.
      scopes: [...hop.credential.scopes],
    },
    peer: { id: peer.id, trustDomain: peer.trustDomain },
    subject,
    actor: actor ?? null,
    chain,
    token: {
      issuer: token.issuer,
      audience: token.audience,
      scopes: token.scopes,
      expiresAt: token.expiresAt,
      type: token.type,
    },
    grant: grant ?? null,
    request: {
      protocol: hop.protocol,
      method: input.method,
      host: input.host,
      path: input.path,
      segments: input.segments,
      params,
      query: input.query,
      headers: visibleHeaders(input.headers),
      body: { state: body.state, json: body.json ?? null },
    },
    mcp: call === undefined ? null : mcpOf(call),
    time: now / 1000,
  };
}

function mcpOf({ method, tool, arguments: given }: McpCall): PolicyInput['mcp'] {
  return { method, tool: tool ?? null, arguments: given ?? null };
}

function isOurs(name: string): boolean {
  return name.startsWith('x') && name.replaceAll('_', '-').startsWith('x-behalf-');
}

function visibleHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const visible = nullObject<string>();
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined && !HIDDEN.has(name) && !isOurs(name)) visible[name] = value;
  }
  return visible;
}
