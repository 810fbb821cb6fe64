import { LRUCache } from 'lru-cache';
import type { ScopeClaim } from './claims.ts';
import { createIntrospector, type Introspector } from './introspection.ts';
import type { IntrospectionConfig, requestIntrospection } from './introspection-request.ts';
import { createKeySet, type KeySet, type KeySetOptions, type KeySource } from './key-set.ts';
import type { VerifiedToken } from './verify-token.ts';

/** An issuer that we accept tokens from. `clockSkew` is in seconds. */
export interface IssuerConfig {
  readonly issuer: string;
  readonly jwks: KeySource;
  readonly algorithms: readonly string[];
  /** Accepted `typ` values, lower-case, without `application/`. */
  readonly tokenTypes: readonly string[];
  readonly clockSkew: number;
  /** The claim that holds the scopes; `scope` where it is left out. */
  readonly scopeClaim?: ScopeClaim;
  /** Where it says what its opaque tokens mean. */
  readonly introspection?: IntrospectionConfig | undefined;
}

/** One issuer with its keys. Keys belong to their issuer: a `kid` of another issuer is never found (threats J05). */
export interface Issuer {
  readonly config: IssuerConfig;
  readonly keys: KeySet;
}

/** All issuers of one configuration, and the verdicts on tokens that were reached under it. */
export interface Issuers {
  get(issuer: string): Issuer | undefined;
  /**
   * Verified tokens by the hash of the whole token. It lives and dies with its configuration, so that no verdict
   * outlives the rules it was made under (threats J26, J27).
   */
  readonly verified: LRUCache<string, VerifiedToken>;
  /** Who is asked about opaque tokens. Undefined unless exactly one issuer has `introspection`: a token does not say whose it is. */
  readonly introspector: Introspector | undefined;
  /** A monotonic clock, in milliseconds: how long a verdict is kept is no question for the wall clock. */
  now(): number;
  /** Begins to fetch keys; returns at once. */
  start(): void;
  close(): void;
  status(): readonly { readonly issuer: string; readonly ready: boolean; readonly detail: string }[];
}

const MAX_VERIFIED = 20_000;
/** In bytes, by the estimate that each verdict brings: large tokens must not fill the memory (threats J27). */
const MAX_VERIFIED_SIZE = 64 * 1024 * 1024;

export interface IssuersOptions extends KeySetOptions {
  /** The issuers that these replace: unchanged ones keep their keys, so that a reload while a JWKS is down costs nothing. */
  readonly previous?: Issuers | undefined;
  readonly request?: typeof requestIntrospection;
}

/** Makes the issuers of one configuration; fetches nothing before `start` or the first token. */
export function createIssuers(configs: readonly IssuerConfig[], options: IssuersOptions): Issuers {
  const byName = new Map<string, Issuer>();
  for (const config of configs) {
    const before = options.previous?.get(config.issuer);
    const reuse = before !== undefined && JSON.stringify(before.config.jwks) === JSON.stringify(config.jwks);
    const keys = reuse ? before.keys : createKeySet(config.issuer, config.jwks, options);
    byName.set(config.issuer, { config, keys });
  }
  const now = options.now ?? (() => performance.now());
  return {
    get: (issuer) => byName.get(issuer),
    introspector: introspectorOf([...byName.values()], { ...options, now }),
    verified: new LRUCache({
      max: MAX_VERIFIED,
      maxSize: MAX_VERIFIED_SIZE,
      sizeCalculation: ({ size }) => size,
    }),
    now,
    start: () => {
      for (const { keys } of byName.values()) keys.start();
    },
    close: () => {
      for (const { keys } of byName.values()) keys.close();
    },
    status: () => [...byName.values()].map(({ config, keys }) => ({ issuer: config.issuer, ...keys.status() })),
  };
}

function introspectorOf(
  issuers: readonly Issuer[],
  options: IssuersOptions & { readonly now: () => number },
): Introspector | undefined {
  const [asked, other] = issuers.flatMap((issuer) => {
    const { introspection } = issuer.config;
    return introspection === undefined ? [] : [{ issuer, introspection }];
  });
  return asked === undefined || other !== undefined
    ? undefined
    : createIntrospector(asked.issuer, asked.introspection, options);
}
