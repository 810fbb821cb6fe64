import type { Hop } from '../matrix/hop.ts';
import { Refusal } from '../refusals.ts';
import type { CheckInput } from '../request/check-input.ts';
import type { PresentedToken } from './bearer.ts';
import { verifyDpop } from './dpop.ts';
import type { DpopRules } from './dpop-rules.ts';
import type { OneUse, Peer } from './identity.ts';
import type { VerifiedToken } from './verify-token.ts';

/** What a token's binding is held against. `now` is in milliseconds since the epoch. */
export interface SenderParts {
  readonly peer: Peer;
  readonly sender: Hop['sender'];
  readonly dpop: DpopRules;
  readonly now: number;
}

const NOTHING: readonly OneUse[] = Object.freeze([]);

/**
 * Proves that whoever sends a bound token holds what it is bound to, whatever the row demands: a bound token is never a
 * bearer token (RFC 8705 §3, RFC 9449 §7.1; threats S15, D03, D04). Asked on every Check, also of a remembered token: a
 * binding is about the request, not about the token.
 * @returns what must not be used twice; a promise only where there is a proof to verify
 * @throws Refusal `cnf_*`, `dpop_*`, `credential_ambiguous`
 */
export function requireSender(
  { token: text, scheme }: PresentedToken,
  { claims: { confirmation }, issuer }: VerifiedToken,
  input: CheckInput,
  { peer, sender, dpop: rules, now }: SenderParts,
): readonly OneUse[] | Promise<readonly OneUse[]> {
  if (confirmation?.isUnderstood === false)
    throw new Refusal('cnf_unsupported', 'cnf binds the token to what we cannot check');
  const { certificate, dpopKey } = confirmation ?? {};
  if (certificate !== undefined && certificate !== peer.thumbprint) {
    throw new Refusal('cnf_cert_mismatch', 'cnf.x5t#S256 is not the certificate of the peer');
  }
  if (sender === 'mtls' && certificate === undefined) throw new Refusal('cnf_missing', 'the token has no cnf.x5t#S256');
  if (dpopKey === undefined) {
    if (sender !== 'dpop' && scheme !== 'dpop') return NOTHING;
    throw new Refusal('dpop_binding_missing', 'the token has no cnf.jkt');
  }
  if (scheme !== 'dpop')
    throw new Refusal('dpop_required', 'the token is bound to a DPoP key and came as a bearer token');
  const { clockSkew } = issuer.config;
  const proof = verifyDpop(input, { rules, token: text, thumbprint: dpopKey, clockSkew, now });
  return proof.then((once) => [once]);
}
