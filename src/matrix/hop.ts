/**
 * route: CheckInput in, one row out. A Hop is a matrix row with every reference resolved, so that later steps look
 * nothing up. Refuses with `hop_unknown`, `hop_mismatch`, `hop_ambiguous`.
 */
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

/** One row of the auth matrix. Durations are in seconds. */
export interface Hop {
  readonly id: string;
  readonly description: string;
  readonly protocol: 'http' | 'grpc';
  readonly boundary: string;
  readonly match: {
    readonly hosts: readonly string[];
    readonly methods: readonly string[];
    readonly path: PathTemplate;
  };
  readonly agents: readonly Agent[];
  readonly credential: {
    readonly type: 'access-token';
    readonly authority: Authority;
    readonly issuer: string;
    readonly audience: string;
    readonly scopes: readonly string[];
    readonly maxLifetime: number;
  };
  readonly sender: 'peer';
  readonly delegation: {
    readonly mode: 'required' | 'optional' | 'forbidden';
    readonly grant: 'token';
    readonly action: string;
    readonly context: Readonly<Record<string, ContextSource>>;
  };
}

/** A row that matched, with the values of its `{name}` path segments. */
export interface RoutedHop {
  readonly hop: Hop;
  readonly params: Readonly<Record<string, string>>;
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
