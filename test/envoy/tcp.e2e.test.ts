/** The shipped envoy/tcp.yaml, as it is but for ports and certificates, with the real check() behind it. */
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:tls';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Hop } from '../../src/matrix/hop.ts';
import type { Issued } from '../fakes/ca.ts';
import { type Envoy, startEnvoy } from '../fakes/envoy.ts';
import { type ShippedListener, shippedEnvoy, validateShipped } from '../fakes/shipped-envoy.ts';
import { type ProtocolWorld, startProtocolWorld } from './protocol-world.ts';
import { describeWithEnvoy } from './with-envoy.ts';

const CACHE = 'cache.acme.example';
const ORDERS = 'orders.acme.example';
const GREETING = '+hello ';
const LONG = 'x'.repeat(200_000);

/** A server that greets whoever connects, then echoes. */
interface TcpUpstream {
  readonly port: number;
  readonly server: Server;
  connections: number;
}

describeWithEnvoy('envoy/tcp.yaml', () => {
  let world: ProtocolWorld;
  let upstream: TcpUpstream;
  let envoy: Envoy;

  beforeAll(async () => {
    upstream = await startTcpUpstream();
    world = await startProtocolWorld(
      (make) => {
        const { credential, match, delegation } = make('', {});
        const row = (id: string, over: Partial<Hop['match']>): Hop =>
          make(id, {
            protocol: 'tcp',
            match: { ...match, hosts: [], methods: [], path: undefined, ...over },
            credential: { ...credential, type: 'mtls-only' },
            delegation: { ...delegation, mode: 'forbidden' },
          });
        return [
          row('test.cache', { sni: CACHE }),
          row('test.elsewhere', { sni: ORDERS, destination: '192.0.2.1:6380' }),
        ];
      },
      { hosts: [CACHE, ORDERS, 'unknown.acme.example'] },
    );
    const { server, clientsCa, port } = world;
    const config = shippedEnvoy('tcp.yaml', { server, clientsCa, ports: { behalf: port, upstream: upstream.port } });
    const { listeners } = config.static_resources;
    const eager = JSON.stringify(listeners[0]).replace('"upstream_connect_mode":"ON_DOWNSTREAM_DATA",', '');
    listeners.push({ ...(JSON.parse(eager) as ShippedListener), name: 'eager' });
    envoy = await startEnvoy(config);
  });
  afterAll(async () => {
    await envoy?.stop();
    upstream?.server.close();
    await world?.stop();
  });
  beforeEach(() => {
    world.use(world.snapshot);
    world.checks();
    upstream.connections = 0;
  });

  const talk = (servername: string, client: Issued | undefined, over: Talk = {}) =>
    speak({
      port: envoy.port(over.listener ?? 'tcp'),
      ca: world.clientsCa,
      servername,
      client,
      text: over.text ?? 'hi',
      listens: over.listens ?? false,
    });

  it('is valid as it stands, once its three files are there', () => {
    expect(validateShipped('tcp.yaml', world)).toContain('OK');
  });

  it('lets the agent of the row through, by its server name in any case, to the server behind it', async () => {
    expect(await talk(CACHE, world.svid('procurement'))).toBe(`${GREETING}hi`);
    expect(await talk(CACHE.toUpperCase(), world.svid('procurement'))).toBe(`${GREETING}hi`);
    const allowed = { reason: 'allowed', hop: 'test.cache' };
    expect(world.checks()).toEqual([allowed, allowed]);
  });

  it('finds a row by the address that the client connected to [E32]', async () => {
    const cache = world.snapshot.matrix.hops.get('test.cache');
    if (cache === undefined) throw new TypeError('the matrix has no row test.cache');
    const at = (port: number): void => {
      const match = { ...cache.match, sni: undefined, destination: `127.0.0.1:${port}` };
      const matrix = { ...world.snapshot.matrix, hops: new Map([['test.cache', { ...cache, match }]]) };
      world.use({ ...world.snapshot, matrix });
    };
    at(envoy.port('tcp'));
    expect(await talk('unknown.acme.example', world.svid('procurement'))).toBe(`${GREETING}hi`);
    at(envoy.port('eager'));
    expect(await talk('unknown.acme.example', world.svid('procurement'))).toBe('');
    expect(world.checks().map(({ reason }) => reason)).toEqual(['allowed', 'hop_unknown']);
  });

  it('loses nothing of what was sent before the decision', async () => {
    expect((await talk(CACHE, world.svid('procurement'), { text: LONG })).length).toBe(GREETING.length + LONG.length);
  });

  it.each<[string, string, 'support' | 'stranger' | undefined, string]>([
    ['another agent', CACHE, 'support', 'agent_not_permitted'],
    ['a workload that is no agent', CACHE, 'stranger', 'agent_not_permitted'],
    ['a caller without a certificate', CACHE, undefined, 'peer_missing'],
    ['a server name that no row has [E32]', 'unknown.acme.example', 'support', 'hop_unknown'],
    ['the server name of a row for another destination [E32]', ORDERS, 'support', 'hop_unknown'],
  ])('closes the connection of %s, and the record says why', async (_, servername, agent, reason) => {
    expect(await talk(servername, agent && world.svid(agent))).toBe('');
    expect(world.checks().map((one) => one.reason)).toEqual([reason]);
    expect(upstream.connections).toBe(0);
  });

  it("writes Behalf's answer into the connection log, for allow and deny", async () => {
    await talk(CACHE, world.svid('support'));
    await talk(CACHE, world.svid('procurement'));
    const lines = await logged(envoy, 2);
    expect(lines.map(({ reason, hop, outcome }) => [outcome, reason, hop])).toEqual(
      expect.arrayContaining([
        ['deny', 'agent_not_permitted', 'test.cache'],
        ['allow', 'allowed', 'test.cache'],
      ]),
    );
  });

  it('lets a refused caller hear nothing of the server, which it would where the upstream is connected to at once', async () => {
    expect(await talk(CACHE, world.svid('support'))).toBe('');
    expect(await talk(CACHE, world.svid('support'), { listener: 'eager', listens: true })).toBe(GREETING);
  });

  it('closes every connection while a fault lasts', async () => {
    world.use(undefined);
    expect(await talk(CACHE, world.svid('procurement'))).toBe('');
    expect(world.checks()).toMatchObject([{ reason: 'not_ready' }]);
  });
});

interface Talk {
  readonly text?: string;
  readonly listener?: string;
  /** The caller waits for the server to speak first. */
  readonly listens?: boolean;
}

interface Speech {
  readonly port: number;
  readonly ca: string;
  readonly servername: string;
  readonly client: Issued | undefined;
  readonly text: string;
  readonly listens: boolean;
}

/** Says `text` over mTLS, and gives what came back by the time that it was all echoed or the connection closed. */
function speak({ port, ca, servername, client, text, listens }: Speech): Promise<string> {
  const shown = client === undefined ? {} : { cert: client.certificate, key: client.key };
  return new Promise((resolve) => {
    let heard = '';
    const socket = connect({ host: '127.0.0.1', port, ca, servername, ...shown }, () => {
      if (listens) socket.once('data', () => socket.write(text));
      // Otherwise late enough that a server which speaks first could have spoken.
      else setTimeout(() => socket.write(text), 100);
    });
    socket.on('data', (chunk: Buffer) => {
      heard += chunk.toString();
      if (heard.length >= GREETING.length + text.length) socket.end();
    });
    socket.on('error', () => socket.destroy()).on('close', () => resolve(heard));
  });
}

async function startTcpUpstream(): Promise<TcpUpstream> {
  const server = createServer((socket) => {
    upstream.connections += 1;
    socket.on('error', () => socket.destroy());
    socket.write(GREETING);
    socket.pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const upstream = { port: (server.address() as AddressInfo).port, server, connections: 0 };
  return upstream;
}

/** The lines of the connection log, once there are `count` with a decision. Gives up after two seconds. */
async function logged(envoy: Envoy, count: number): Promise<Record<string, unknown>[]> {
  for (let attempt = 0; ; attempt += 1) {
    const lines = readFileSync(envoy.accessLogFile, 'utf8').trimEnd().split('\n').filter(Boolean);
    const found = lines
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter((line) => line['log'] === 'connection' && typeof line['decision_id'] === 'string');
    if (found.length >= count || attempt === 100) return found;
    await sleep(20);
  }
}
