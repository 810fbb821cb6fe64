import type { Hop } from '../matrix/hop.ts';

/** A protected resource (RFC 9728) as a client finds it before it has a token. */
export interface ProtectedResource {
  /** Where the document is: the well-known path stands between the host and the path of the resource (§3.1). */
  readonly url: string;
  readonly document: Readonly<Record<string, unknown>>;
}

const WELL_KNOWN = '/.well-known/oauth-protected-resource';
const RESOURCE = /^https:\/\/[a-z0-9.\-_[\]:]+(?:\/[A-Za-z0-9\-._~!$&'()*+,=:@/]*)?$/;

/**
 * The metadata of the resource that an `mcp` row protects: its audience, which is what clients name as `resource`
 * (RFC 8707) and tokens as `aud`. Undefined for other protocols, and where the audience is no https URL that could be
 * found: such a row tells its clients nothing.
 * @see https://www.rfc-editor.org/rfc/rfc9728 §2, §3
 */
export function protectedResource({ protocol, credential, sender }: Hop): ProtectedResource | undefined {
  const { audience, issuer, scopes } = credential;
  if (protocol !== 'mcp' || !RESOURCE.test(audience) || !URL.canParse(audience)) return undefined;
  const { origin, pathname } = new URL(audience);
  return {
    url: `${origin}${WELL_KNOWN}${pathname === '/' ? '' : pathname}`,
    document: {
      resource: audience,
      authorization_servers: [issuer],
      scopes_supported: scopes,
      bearer_methods_supported: ['header'],
      ...(sender === 'mtls' && { tls_client_certificate_bound_access_tokens: true }),
      ...(sender === 'dpop' && { dpop_bound_access_tokens_required: true }),
    },
  };
}
