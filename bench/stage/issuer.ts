import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { grantClaim } from '../../test/fakes/issuer.ts';

/** Signs the tokens of a run. Not test/fakes/issuer.ts, whose every token is a promise: here are 100,000 of them. */
export interface BenchIssuer {
  /** The published keys, for the server that is measured. */
  readonly jwksFile: string;
  /** A new ES256 access token with actor and grant (RFC 9068, 8693, 9396), good for one hour. */
  mint(): string;
}

const ISSUER = 'https://idp.acme.example';
const ERP = 'https://erp.acme.example';
const KID = 'bench';
const HOUR = 3600;

/** As many people, each with tokens of their own. */
export const PEOPLE = 1000;

/** Their `sub`. */
export function personOf(index: number): string {
  return `user-${index}@acme.example`;
}

/** The agent that asks, by demo/matrix.yaml. */
export const AGENT = 'spiffe://prod.acme.example/ns/agents/sa/procurement';

/** Makes a key in `folder`, or takes the one that is there, so that a peer can be set up before the run. */
export function createIssuer(folder: string): BenchIssuer {
  const key = keyIn(join(folder, 'issuer.key'));
  const jwksFile = join(folder, 'jwks.json');
  const published = { ...createPublicKey(key).export({ format: 'jwk' }), kid: KID, alg: 'ES256', use: 'sig' };
  writeFileSync(jwksFile, JSON.stringify({ keys: [published] }));
  const header = encode({ alg: 'ES256', typ: 'at+jwt', kid: KID });
  return {
    jwksFile,
    mint() {
      const signed = `${header}.${encode(claims())}`;
      const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' });
      return `${signed}.${signature.toString('base64url')}`;
    },
  };
}

function keyIn(file: string): KeyObject {
  if (existsSync(file)) return createPrivateKey(readFileSync(file));
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  writeFileSync(file, privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 });
  return privateKey;
}

function claims(): object {
  const now = Math.floor(Date.now() / 1000);
  const id = randomUUID();
  return {
    iss: ISSUER,
    sub: personOf(Number.parseInt(id.slice(0, 8), 16) % PEOPLE),
    aud: ERP,
    client_id: 'agent-platform',
    scope: 'invoices:read payments:write',
    act: { sub: AGENT },
    authorization_details: [
      grantClaim({
        id: `g-${id.slice(0, 8)}`,
        task: `task-${id.slice(9, 13)}`,
        actions: ['invoices.read', 'payments.draft'],
        target: ERP,
        context: { region: 'eu' },
        expiresAt: now + HOUR,
      }),
    ],
    iat: now,
    exp: now + HOUR,
    jti: id,
  };
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
