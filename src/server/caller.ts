import type { Http2Session } from 'node:http2';
import type { PeerCertificate, TLSSocket } from 'node:tls';
import { Refusal } from '../refusals.ts';

/** What the other end of one connection proved in its handshake. */
interface Proven {
  readonly uri: string;
  /** Epoch milliseconds; NaN where the certificate does not say. */
  readonly validFrom: number;
  readonly validTo: number;
}

/** Read once for each connection: its certificate cannot change while it lives. */
const proofs = new WeakMap<Http2Session, Proven | undefined>();

/**
 * Lets only the Envoys that are listed ask: anyone else could try out credentials, or forge the certificate of a caller
 * in the message (threats E29). The certificate counts only where the handshake verified it; its times are asked on
 * each call, as connections live long (threats S12).
 * @param callers undefined where the listener has no TLS
 * @throws Refusal `caller_not_envoy`
 */
export function requireEnvoy(
  session: Http2Session | undefined,
  callers: ReadonlySet<string> | undefined,
  now: number,
): void {
  if (callers === undefined) return;
  const proven = session && proofOf(session);
  if (proven === undefined) throw new Refusal('caller_not_envoy', 'the caller showed no certificate that we trust');
  if (!(now >= proven.validFrom && now <= proven.validTo)) {
    throw new Refusal('caller_not_envoy', 'the certificate of the caller is not valid now');
  }
  if (!callers.has(proven.uri)) throw new Refusal('caller_not_envoy', 'the caller is not a listed Envoy');
}

function proofOf(session: Http2Session): Proven | undefined {
  if (!proofs.has(session)) proofs.set(session, prove(session.socket as TLSSocket));
  return proofs.get(session);
}

function prove(socket: TLSSocket): Proven | undefined {
  if (socket.authorized !== true) return undefined;
  const certificate = socket.getPeerCertificate();
  return {
    uri: uriOf(certificate),
    validFrom: Date.parse(certificate.valid_from),
    validTo: Date.parse(certificate.valid_to),
  };
}

/** The one URI SAN. Node quotes a name that holds a comma or a quote and writes the comma as \u002c, so that none passes for two. */
function uriOf({ subjectaltname = '' }: PeerCertificate): string {
  const uris = subjectaltname.split(', ').filter((name) => name.startsWith('URI:'));
  return uris.length === 1 ? (uris[0] ?? '').slice('URI:'.length) : '';
}
