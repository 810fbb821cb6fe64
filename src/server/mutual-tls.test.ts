import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { Http2Session } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, credentials, status } from '@grpc/grpc-js';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createAuthority, type Issued, issueSvid } from '../../test/fakes/ca.ts';
import type { Trail } from '../provenance/trail.ts';
import { CHECK_PATH } from '../wire.ts';
import { requireEnvoy } from './caller.ts';
import { type CheckServer, startCheckServer } from './listen.ts';
import { readTlsFiles } from './tls-files.ts';

const ENVOY = 'spiffe://prod.acme.example/envoy';
const ANSWER = Buffer.from('the answer');
const root = createAuthority();
const stranger = createAuthority('A stranger');
const serverName = { dns: ['localhost'], ips: [] };
const ours = issueSvid(root, serverName);
const envoy = issueSvid(root, { uris: [ENVOY] });

let folder: string;
let server: CheckServer;
let trails: Trail[] = [];
const clients: Client[] = [];
const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
const file = (name: string) => `file:${join(folder, name)}`;
const files = () => ({ cert: file('cert.pem'), key: file('key.pem'), clientCa: file('ca.pem') });

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'behalf-tls-'));
  write('cert.pem', ours.certificate);
  write('key.pem', ours.key);
  write('ca.pem', root.certificate);
  server = await startCheckServer({
    address: 'localhost:0',
    tls: { ...files(), callers: [ENVOY] },
    decider: { check: () => Promise.resolve(ANSWER), refuse: ({ code }, trail) => Buffer.from(noted(code, trail)) },
    record: (trail) => trails.push(trail),
    maxInFlight: 100,
    isReady: () => true,
    log: pino({ level: 'silent' }),
  });
});
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
  trails = [];
});
afterAll(async () => {
  await server.drain();
  rmSync(folder, { recursive: true });
});

function noted(code: string, trail: Trail): string {
  trail.policyRevision = code;
  return code;
}

const same = (bytes: Buffer): Buffer => bytes;

function ask(client: Issued | undefined, trusted = root, path = CHECK_PATH): Promise<string> {
  const shown = client === undefined ? [] : ([Buffer.from(client.key), Buffer.from(client.certificate)] as const);
  const [key = null, chain = null] = shown;
  const dialled = new Client(server.address, credentials.createSsl(Buffer.from(trusted.certificate), key, chain), {
    'grpc.enable_http_proxy': 0,
    'grpc.use_local_subchannel_pool': 1,
  });
  clients.push(dialled);
  return new Promise((resolve) => {
    dialled.makeUnaryRequest(path, same, same, Buffer.from('x'), (error, answer) =>
      resolve(error === null ? String(answer) : (status[error.code] ?? '')),
    );
  });
}

describe('a listener with mTLS', () => {
  it('answers the listed Envoy [E29]', async () => {
    expect(await ask(envoy)).toBe(ANSWER.toString());
  });

  it.each<[string, Issued | undefined]>([
    ['shows no certificate', undefined],
    ['is not listed', issueSvid(root, { uris: ['spiffe://prod.acme.example/agent'] })],
    ['has a name that begins like a listed one', issueSvid(root, { uris: [`${ENVOY}2`] })],
    ['has a listed name and another', issueSvid(root, { uris: [ENVOY, 'spiffe://prod.acme.example/agent'] })],
    ['has a listed name as a DNS SAN', issueSvid(root, { dns: [ENVOY] })],
    ['has a listed name within a DNS SAN', issueSvid(root, { dns: [`a, URI:${ENVOY}, b`] })],
    ['has a listed name within another', issueSvid(root, { uris: [`spiffe://x/y, URI:${ENVOY}`] })],
    ['has a listed name by a CA that we do not trust', issueSvid(stranger, { uris: [ENVOY] })],
    ['has a certificate that has expired', issueSvid(root, { uris: [ENVOY], notAfter: new Date(Date.now() - 1000) })],
  ])('denies, with a record, a caller that %s [E02, E29]', async (_, client) => {
    expect(await ask(client)).toBe('caller_not_envoy');
    await expect.poll(() => trails.map(({ policyRevision }) => policyRevision)).toEqual(['caller_not_envoy']);
  });

  it('speaks to nobody without TLS [E29]', async () => {
    const plain = new Client(server.address, credentials.createInsecure(), { 'grpc.enable_http_proxy': 0 });
    clients.push(plain);
    const code = await new Promise((resolve) => {
      plain.makeUnaryRequest(CHECK_PATH, same, same, Buffer.from('x'), (error) => resolve(error?.code));
    });
    expect(code).toBe(status.UNAVAILABLE);
  });

  it('has no other method, listed or not [E30, E31]', async () => {
    for (const path of [CHECK_PATH.toLowerCase(), `${CHECK_PATH}/`, '/grpc.reflection.v1.ServerReflection/Info']) {
      expect([path, await ask(envoy, root, path)]).toEqual([path, 'UNIMPLEMENTED']);
      expect([path, await ask(undefined, root, path)]).toEqual([path, 'UNIMPLEMENTED']);
    }
    expect(trails).toEqual([]);
  });

  it('takes a renewed certificate for new connections, and keeps the old one where the new cannot be used [S13]', async () => {
    const renewed = issueSvid(stranger, serverName);
    write('cert.pem', renewed.certificate);
    expect(() => server.renewTls()).toThrow('cannot be used together');
    expect(await ask(envoy)).toBe(ANSWER.toString());
    write('key.pem', renewed.key);
    server.renewTls();
    expect(await ask(envoy, stranger)).toBe(ANSWER.toString());
    expect(await ask(envoy, root)).toBe('UNAVAILABLE');
    write('cert.pem', ours.certificate);
    write('key.pem', ours.key);
    server.renewTls();
  });
});

describe('a caller on a connection that stays open', () => {
  const now = Date.now();
  const showing = (over: object) =>
    ({
      socket: {
        authorized: true,
        getPeerCertificate: () => ({
          subjectaltname: `URI:${ENVOY}`,
          valid_from: new Date(now - 1000).toUTCString(),
          valid_to: new Date(now + 10_000).toUTCString(),
          ...over,
        }),
      },
    }) as unknown as Http2Session;
  const listed = new Set([ENVOY]);

  it('is refused once its certificate has expired [S12]', () => {
    expect(() => requireEnvoy(showing({}), listed, now)).not.toThrow();
    expect(() => requireEnvoy(showing({}), listed, now + 20_000)).toThrow('caller_not_envoy');
    expect(() => requireEnvoy(showing({ valid_to: 'nonsense' }), listed, now)).toThrow('caller_not_envoy');
  });
});

describe('the TLS files', () => {
  it.each<[string, string, string]>([
    ['clientCa', '', 'holds no certificate'],
    ['clientCa', 'nonsense', 'holds no certificate'],
    ['clientCa', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----', 'cannot be read'],
    ['cert', 'nonsense', 'cannot be used together'],
    ['key', envoy.key, 'cannot be used together'],
  ])('are refused where %s is wrong, without showing it [E29]', (which, text, why) => {
    write('bad.pem', text);
    expect(() => readTlsFiles({ ...files(), [which]: file('bad.pem') })).toThrow(why);
    expect(() => readTlsFiles({ ...files(), [which]: file('gone.pem') })).toThrow('ENOENT');
  });
});
