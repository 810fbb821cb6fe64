import { Refusal } from '../refusals.ts';
import type { Peer } from './identity.ts';
import type { XfccRules } from './peer-rules.ts';
import { parseSpiffeId } from './spiffe-id.ts';
import { parseXfcc, type XfccElement } from './xfcc.ts';

/**
 * Finds the caller in the header that proxies of ours wrote. The last `trustedHops` elements are believed; each must be
 * `By` one of ours, and each but the first must be about the proxy that wrote the one before it, so that the first is
 * what our outermost proxy says about its client. Elements before it are of the client's making (threats S01, S02).
 *
 * The header is worth as much as the connection that it came on. Its client, `proxy`, proven by its certificate, must be
 * the one that wrote the last element (our Envoy forwards the header), or the one that it is about (our Envoy appends
 * its own element). In the second case with one trusted hop the caller *is* the client of the connection, so that a
 * workload that forges the element of our Envoy says its own name.
 * @throws Refusal `xfcc_malformed`, `xfcc_chain_untrusted`, `spiffe_not_uri_san`, `spiffe_id_invalid`
 */
export function findXfccCaller(header: string, { trustedHops, by }: XfccRules, proxy: Peer): Peer {
  const elements = parseXfcc(header);
  if (elements.length < trustedHops) throw untrusted(`has fewer than ${trustedHops} elements`);
  const trusted = elements.slice(-trustedHops);
  for (const [index, element] of trusted.entries()) {
    if (!by.has(element.by)) throw untrusted('has an element that no trusted proxy wrote');
    const before = trusted[index - 1];
    if (before !== undefined && element.uri !== before.by)
      throw untrusted('was not handed on by the proxy that wrote it');
  }
  const last = trusted.at(-1);
  if (last?.by !== proxy.id && !isAbout(proxy, last)) throw untrusted('did not come from the proxy that wrote it');
  return toPeer(trusted[0]);
}

/** With the very certificate: a forged Hash would make a token usable that is bound to another one (threats S15). */
function isAbout({ id, thumbprint }: Peer, element: XfccElement | undefined): boolean {
  return element?.uri === id && (element.hash === undefined || toThumbprint(element.hash) === thumbprint);
}

function toThumbprint(hash: string): string {
  return Buffer.from(hash, 'hex').toString('base64url');
}

function toPeer(element: XfccElement | undefined): Peer {
  if (element?.uri === undefined)
    throw new Refusal('spiffe_not_uri_san', 'the trusted proxy states no URI of its client');
  const spiffeId = parseSpiffeId(element.uri);
  if (spiffeId === undefined) throw new Refusal('spiffe_id_invalid', 'the URI of the client is no SPIFFE ID');
  const { hash } = element;
  const thumbprint = hash === undefined ? undefined : toThumbprint(hash);
  return { id: spiffeId.id, trustDomain: spiffeId.trustDomain, thumbprint };
}

function untrusted(why: string): Refusal {
  return new Refusal('xfcc_chain_untrusted', `the x-forwarded-client-cert header ${why}`);
}
