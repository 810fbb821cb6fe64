/** Scheme, authority, path; what follows is not compared (RFC 9449 §4.3, check 9). */
const PARTS = /^(https?):\/\/([^/?#]+)(\/[^?#]*)?(?:\?[^#]*)?(?:#.*)?$/i;
const DEFAULT_PORT = { http: ':80', https: ':443' };

/**
 * The form in which the `htu` of a proof and the URL of a request are compared (RFC 9449 §4.3, RFC 3986 §6.2.2.1, §6.2.3):
 * scheme and host in lower case, no default port, no query, no fragment, escapes in capitals. The path is otherwise left as
 * it is: dot segments and escaped letters are not resolved, because the upstream sees them as they are (threats D05, E13).
 * @returns undefined for what is no http or https URL
 */
export function dpopUrl(url: string): string | undefined {
  const [, scheme = '', authority = '', path = '/'] = PARTS.exec(url) ?? [];
  if (authority === '') return undefined;
  const [http, host] = [scheme.toLowerCase() as keyof typeof DEFAULT_PORT, authority.toLowerCase()];
  const port = DEFAULT_PORT[http];
  const place = host.endsWith(port) ? host.slice(0, -port.length) : host;
  return `${http}://${place}${path.replace(/%[0-9a-f]{2}/gi, (escape) => escape.toUpperCase())}`;
}
