import type { Hop } from '../matrix/hop.ts';
import { Refusal } from '../refusals.ts';
import type { CheckInput } from '../request/check-input.ts';
import { readCertificatePeer } from './certificate-peer.ts';
import type { Peer } from './identity.ts';
import { verifyJwtSvid } from './jwt-svid.ts';
import type { PeerRules } from './peer-rules.ts';
import { refuseXfccConflict } from './xfcc-conflict.ts';
import { findXfccCaller } from './xfcc-peer.ts';

const XFCC = 'x-forwarded-client-cert';
const JWT_SVID = 'x-spiffe-jwt-svid';

/**
 * Says which workload calls: the holder of the connection, or the client that our proxies in front name, or, where the
 * row says so, the one that a JWT-SVID proves. Proofs that disagree are refused (threats S11).
 * @param now milliseconds since the epoch
 * @throws Refusal `peer_*`, `spiffe_*`, `trust_domain_*`, `xfcc_*`, `jwt_svid_invalid`, `aud_mismatch`
 */
export function identifyPeer(
  input: Pick<CheckInput, 'peer' | 'headers'>,
  hop: Pick<Hop, 'peer'>,
  rules: PeerRules,
  now: number,
): Peer | Promise<Peer> {
  if (hop.peer.from === 'connection') return connectedPeer(input, rules, now);
  return jwtSvidPeer(input, hop.peer.audience, rules, now);
}

function connectedPeer({ peer, headers }: Pick<CheckInput, 'peer' | 'headers'>, rules: PeerRules, now: number): Peer {
  const holder = readCertificatePeer(peer, rules, now);
  if (rules.xfcc === undefined) {
    refuseXfccConflict(headers[XFCC], holder);
    return holder;
  }
  const header = headers[XFCC];
  if (header === undefined) throw new Refusal('peer_missing', 'the proxy in front sent no x-forwarded-client-cert');
  const caller = findXfccCaller(header, rules.xfcc, holder);
  if (!rules.trustDomains.has(caller.trustDomain)) {
    throw new Refusal('trust_domain_unknown', 'the trust domain of the client is not one that the matrix names');
  }
  return caller;
}

/**
 * The connection may prove nobody: such rows are for callers behind what terminates TLS and cannot pass a certificate
 * on. Whomever it does prove must be the one that the JWT-SVID names.
 */
async function jwtSvidPeer(
  input: Pick<CheckInput, 'peer' | 'headers'>,
  audience: string,
  rules: PeerRules,
  now: number,
): Promise<Peer> {
  const token = input.headers[JWT_SVID];
  if (token === undefined) throw new Refusal('jwt_svid_invalid', `the request has no ${JWT_SVID} header`);
  const { trustDomains, jwtBundles: bundles } = rules;
  const proven = await verifyJwtSvid(token, { audience, bundles, trustDomains, now });
  if (input.peer.certificate === '' && input.peer.principal === '') refuseXfccConflict(input.headers[XFCC], proven);
  else if (connectedPeer(input, rules, now).id !== proven.id) {
    throw new Refusal('peer_identity_conflict', 'the JWT-SVID and the connection name different callers');
  }
  return proven;
}
