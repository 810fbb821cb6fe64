import { createDpopNonces, type DpopNonces } from './dpop-nonce.ts';
import { dpopUrl } from './dpop-url.ts';

/** How proofs are checked: the `dpop` section of the config. */
export interface DpopRules {
  /**
   * The URL that clients call for a request, in the form that `htu` is compared in. Which scheme they used is configured,
   * never taken from a header (threats D11).
   */
  urlOf(host: string, path: string): string | undefined;
  /** Undefined: proofs need no nonce. */
  readonly nonces: DpopNonces | undefined;
}

export interface DpopConfig {
  /** Host as Envoy sees it → origin that clients call; `https://HOST` where there is none. */
  readonly origins?: Readonly<Record<string, string>>;
  readonly nonceKey?: string | undefined;
}

/** Makes the rules of one configuration. */
export function createDpopRules({ origins = {}, nonceKey }: DpopConfig): DpopRules {
  const byHost = new Map(Object.entries(origins).map(([host, origin]) => [host.toLowerCase(), origin]));
  return {
    urlOf: (host, path) => dpopUrl(`${byHost.get(host) ?? `https://${host}`}${path}`),
    nonces: nonceKey === undefined ? undefined : createDpopNonces(nonceKey),
  };
}
