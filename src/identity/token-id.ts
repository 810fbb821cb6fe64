import { digest } from './digest.ts';

/**
 * What tells one credential of an issuer from another. `jti`: its claim. `signed`: header and payload of a JWS without one,
 * as they were signed. `opaque`: a whole opaque token without one. `certificate`, `workload`: what stands in for a token
 * where a row has none.
 */
export type TokenMark =
  | { readonly jti: string }
  | { readonly signed: string }
  | { readonly opaque: string }
  | { readonly certificate: string }
  | { readonly workload: string };

/**
 * The name that a credential is revoked by (`Identity.token.id`). Never made from the text of a whole JWS: an ECDSA
 * signature can be rewritten by anybody into another valid one, which would be another name for the same token (threats
 * J13). No two kinds of mark can make the same name.
 */
export function tokenId(issuer: string, mark: TokenMark): string {
  const [[kind, value] = ['', '']] = Object.entries<string>(mark);
  return digest('token', issuer, kind, value);
}
