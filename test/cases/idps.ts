import { pino } from 'pino';
import { createIssuers, type IssuerConfig, type Issuers } from '../../src/identity/issuers.ts';
import { startIntrospection } from '../fakes/introspection.ts';
import { type Claims, type Issuer, startIssuer } from '../fakes/issuer.ts';

const IDP = 'https://idp.acme.example';
const log = pino({ level: 'silent' });

/** The issuers of the cases: one has two keys, one is asked about opaque tokens, one is down. */
export interface Idps {
  readonly issuers: Issuers;
  /** Claims to be the first one, and has other keys. */
  readonly stranger: Issuer;
  /** Names a key that the first issuer publishes. */
  readonly kid: string;
  issuerOf(name: string): Issuer;
  /** A token that means nothing but to its issuer, which says this of it. */
  opaque(kind: 'active' | 'inactive' | 'broken', claims: Claims): string;
  stop(): Promise<void>;
}

export async function startIdps(): Promise<Idps> {
  const names = [IDP, 'https://legacy.acme.example', 'https://opaque.acme.example', 'https://down.acme.example'];
  const running = await Promise.all(names.map((name) => startIssuer(name)));
  const byName = new Map(running.map((each) => [each.issuer, each]));
  const stranger = await startIssuer(IDP);
  const issuerOf = (name: string): Issuer => {
    const found = byName.get(name);
    if (found === undefined) throw new Error(`there is no issuer ${name}`);
    return found;
  };
  // Two published keys: a token that names neither could be of both.
  await issuerOf(IDP).rotate();
  issuerOf('https://down.acme.example').behave('fail');
  const introspection = await startIntrospection();
  const said = new Map<string, Claims>();
  introspection.answer((token) => {
    const claims = said.get(token);
    if (claims === undefined) return { active: false };
    return token.startsWith('broken') ? (response) => response.writeHead(500).end() : claims;
  });
  const issuers = createIssuers(
    running.map(
      ({ issuer, jwksUri }): IssuerConfig => ({
        issuer,
        jwks: { uri: jwksUri },
        algorithms: ['ES256'],
        tokenTypes: ['at+jwt', 'txntoken+jwt'],
        clockSkew: 30,
        ...(issuer.includes('opaque') && {
          introspection: { uri: introspection.uri, clientId: 'behalf', clientSecret: 'secret' },
        }),
      }),
    ),
    { log },
  );
  issuers.start();
  return {
    issuers,
    stranger,
    kid: issuerOf(IDP).jwks().keys[0]?.kid ?? '',
    issuerOf,
    opaque: (kind, claims) => {
      const token = `${kind}-${crypto.randomUUID()}`;
      said.set(token, claims);
      return token;
    },
    stop: async () => {
      issuers.close();
      await Promise.all([...running, stranger, introspection].map((each) => each.stop()));
    },
  };
}
