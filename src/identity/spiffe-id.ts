/** A parsed SPIFFE ID. */
export interface SpiffeId {
  readonly id: string;
  readonly trustDomain: string;
  /** Begins with `/`, never empty: a workload has a path. */
  readonly path: string;
}

const TRUST_DOMAIN = /^[a-z0-9._-]{1,255}$/;
const SEGMENT = /^[A-Za-z0-9._-]+$/;

/**
 * Parses the SPIFFE ID of a workload, byte by byte as the SPIFFE-ID spec §2 has it: nothing is normalised, so
 * `EXAMPLE.org`, a port, user info, a query, an escape, a dot segment or a trailing slash make it invalid (threats
 * S06–S08).
 * @returns undefined where `text` is not one
 */
export function parseSpiffeId(text: string): SpiffeId | undefined {
  if (text.length > 2048 || !text.startsWith('spiffe://')) return undefined;
  const rest = text.slice('spiffe://'.length);
  const slash = rest.indexOf('/');
  if (slash < 0) return undefined;
  const trustDomain = rest.slice(0, slash);
  const path = rest.slice(slash);
  if (!TRUST_DOMAIN.test(trustDomain)) return undefined;
  const segments = path.slice(1).split('/');
  if (!segments.every((segment) => SEGMENT.test(segment) && segment !== '.' && segment !== '..')) return undefined;
  return { id: text, trustDomain, path };
}
