import type { PeerCertificate } from 'node:tls';
import type { ServerUnaryCall } from '@grpc/grpc-js';
import { Refusal } from '../refusals.ts';

/**
 * Lets only the Envoys that are listed ask: anyone else could try out credentials, or forge the certificate of a caller
 * in the message (threats E29). grpc-js shows the certificate only where the handshake verified it; its times are asked on
 * each call, as connections live long (threats S12).
 * @param callers undefined where the listener has no TLS
 * @throws Refusal `caller_not_envoy`
 */
export function requireEnvoy(
  call: Pick<ServerUnaryCall<unknown, unknown>, 'getAuthContext'>,
  callers: ReadonlySet<string> | undefined,
  now: number,
): void {
  if (callers === undefined) return;
  const certificate = call.getAuthContext().sslPeerCertificate;
  if (certificate === undefined)
    throw new Refusal('caller_not_envoy', 'the caller showed no certificate that we trust');
  if (now < Date.parse(certificate.valid_from) || !(now <= Date.parse(certificate.valid_to))) {
    throw new Refusal('caller_not_envoy', 'the certificate of the caller is not valid now');
  }
  if (!callers.has(uriOf(certificate))) throw new Refusal('caller_not_envoy', 'the caller is not a listed Envoy');
}

/** The one URI SAN. Node quotes a name that holds a comma or a quote and writes the comma as \u002c, so that none passes for two. */
function uriOf({ subjectaltname = '' }: PeerCertificate): string {
  const uris = subjectaltname.split(', ').filter((name) => name.startsWith('URI:'));
  return uris.length === 1 ? (uris[0] ?? '').slice('URI:'.length) : '';
}
