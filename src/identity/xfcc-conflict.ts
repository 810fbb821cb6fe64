import { Refusal } from '../refusals.ts';
import type { Peer } from './identity.ts';
import { parseXfcc, type XfccElement } from './xfcc.ts';

/**
 * Refuses a header that nobody trusts and that contradicts the certificate: what stands behind Envoy may believe it
 * (threats S01). What Envoy itself writes never does: its own element, always the last, is about the very client that
 * the certificate is of, or (FORWARD_ONLY) the last is one that this client, a proxy, wrote about its own client. Any
 * client can write such a one, so the answer takes the header away from the upstream (response/headers.ts). Only the last
 * element is looked at, as those before it are anybody's.
 * @param header undefined where there is none
 * @throws Refusal `xfcc_untrusted`
 */
export function refuseXfccConflict(header: string | undefined, peer: Peer): void {
  if (header === undefined) return;
  const last = lastElement(header);
  if (last.by === peer.id) return;
  const isOther = last.uri !== undefined && last.uri !== peer.id;
  const isOtherCertificate =
    last.hash !== undefined && peer.thumbprint !== undefined && last.hash !== hexOf(peer.thumbprint);
  if (isOther || isOtherCertificate) {
    throw new Refusal('xfcc_untrusted', 'the x-forwarded-client-cert header names another client than the certificate');
  }
}

function lastElement(header: string): XfccElement {
  let last: XfccElement | undefined;
  try {
    last = parseXfcc(header).at(-1);
  } catch (cause) {
    throw new Refusal('xfcc_untrusted', 'the x-forwarded-client-cert header cannot be compared', { cause });
  }
  return last ?? { by: '', hash: undefined, uri: undefined };
}

function hexOf(thumbprint: string): string {
  return Buffer.from(thumbprint, 'base64url').toString('hex');
}
