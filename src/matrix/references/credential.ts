import type { HopFile, MatrixFile } from '../schema.ts';
import type { Contradiction } from './contradiction.ts';
import { unknown } from './unknown.ts';

/** A row's credential is issued by who can, bound in a way that it can be, and at home in its protocol. */
export function* checkCredential(file: MatrixFile, hop: HopFile): Generator<Contradiction> {
  const { credential, protocol, sender, peer } = hop;
  const keys = ['credential', 'authority'];
  const { authority: name, type } = credential;
  const authority = Object.hasOwn(file.authorities, name) ? file.authorities[name] : undefined;
  if (authority === undefined) {
    yield { keys, message: unknown('authority', name, file.authorities) };
  } else if (type === 'mtls-only' && authority.kind !== 'spiffe') {
    yield { keys, message: `authority "${name}" issues no certificates; name one of kind spiffe` };
  } else if (type !== 'mtls-only' && authority.kind === 'spiffe') {
    yield { keys, message: `authority "${name}" issues no tokens; name one of kind oidc or broker` };
  } else if (readsTokenGrant(hop) && authority.kind !== 'spiffe' && !authority.grants) {
    const message = `authority "${name}" may not assert grants; set grants: true on it, name another, or set grant: stored`;
    yield { keys: ['delegation', 'grant'], message };
  }
  if (type === 'mtls-only') yield* checkMtlsOnly(hop);
  if (type === 'message-claim' && !protocol.startsWith('queue.'))
    yield { keys: ['credential', 'type'], message: 'a message-claim comes with a message; use it on queue rows' };
  if (sender === 'mtls' && peer.from === 'jwt-svid')
    yield { keys: ['sender'], message: 'a caller with a JWT-SVID shows no certificate to bind to; use dpop or peer' };
}

function readsTokenGrant({ credential, delegation: { mode, grant } }: HopFile): boolean {
  return credential.type !== 'mtls-only' && mode !== 'forbidden' && grant !== 'stored';
}

/** Where there is no token there is no actor, no grant and nothing to bind: the peer acts for itself. */
function* checkMtlsOnly({ sender, peer, delegation }: HopFile): Generator<Contradiction> {
  if (sender !== 'peer') yield { keys: ['sender'], message: 'an mtls-only row has no token to bind; use peer' };
  if (peer.from !== 'connection')
    yield { keys: ['peer', 'from'], message: 'an mtls-only row rests on the connection; use connection' };
  if (delegation.mode !== 'forbidden')
    yield {
      keys: ['delegation', 'mode'],
      message: 'an mtls-only row has no token that could name whom the agent acts for; set mode: forbidden',
    };
}
