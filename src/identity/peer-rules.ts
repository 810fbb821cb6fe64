import type { JwtBundle } from './jwt-bundle.ts';
import type { TrustBundle } from './trust-bundle.ts';

/** Whose `x-forwarded-client-cert` is believed. */
export interface XfccRules {
  /** So many elements, the last ones, are of proxies of ours. */
  readonly trustedHops: number;
  /** The SPIFFE IDs of those proxies. */
  readonly by: ReadonlySet<string>;
}

/** How the peer of a Check is identified: the `peer` section of the config, with its files read. */
export interface PeerRules {
  /** The only trust domains that are accepted, compared byte for byte (threats S07). */
  readonly trustDomains: ReadonlySet<string>;
  /** Undefined: the client certificate of the connection is the caller's, and the header is not believed. */
  readonly xfcc: XfccRules | undefined;
  /** By trust domain. Empty: no second chain check. Otherwise every accepted trust domain has one. */
  readonly bundles: ReadonlyMap<string, TrustBundle>;
  /** By trust domain: whose JWT-SVIDs can be verified. */
  readonly jwtBundles: ReadonlyMap<string, JwtBundle>;
}
