import { isLoopback } from '../address.ts';

/**
 * Whether a `Host` header names this server: a loopback name, the configured host, or the very address that the
 * connection came to. Anything else is another site's name that was made to resolve here (DNS rebinding, threats W04).
 */
export function isAllowedHost(header: string | undefined, configured: string, arrivedAt: string | undefined): boolean {
  const host = /^(\[[^\]]+\]|[^:[\]]+)(?::\d{1,5})?$/.exec(header ?? '')?.[1];
  if (host === undefined) {
    return false;
  }
  const bare = host.replace(/^\[|\]$/g, '').toLowerCase();
  // An IPv4 client of a dual-stack socket arrives at an IPv4-mapped address (RFC 4291 §2.5.5.2).
  return isLoopback(bare) || bare === configured.toLowerCase() || bare === arrivedAt?.replace(/^::ffff:/, '');
}
