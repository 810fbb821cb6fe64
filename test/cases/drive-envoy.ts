import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { connect as connectH2, type OutgoingHttpHeaders } from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type TLSSocket } from 'node:tls';
import { GREETING } from '../fakes/greeter.ts';
import type { Case } from './case-schema.ts';
import type { CaseWorld } from './case-world.ts';
import { recordsOf } from './drive-direct.ts';
import type { EnvoyWorld } from './envoy-world.ts';
import type { Observed } from './observed.ts';
import type { Prepared } from './prepare.ts';

/** What the client alone can see. */
type Heard = Pick<Observed, 'status' | 'headers' | 'body' | 'reached' | 'upstream'>;

/** Sends a request through real Envoy, and gathers what client, upstream, access log and record say of it. */
export async function driveEnvoy(
  request: Prepared,
  one: Case,
  world: CaseWorld,
  { envoy }: { envoy: EnvoyWorld },
): Promise<Observed> {
  world.takeRecords();
  const socket = await open(request, one, envoy);
  const heard = await converse(request, socket, envoy);
  socket.destroy();
  const records = one.envoy === undefined ? await recordsOf(world) : world.takeRecords();
  const id = records[0]?.decision_id;
  return { ...heard, records, metadata: id === undefined ? {} : await loggedMetadata(envoy, id) };
}

/** A connection as the agent opens it; one whose certificate is brief outlives it before anything is sent. */
async function open({ agent, client, hop, sni }: Prepared, { setup }: Case, envoy: EnvoyWorld): Promise<TLSSocket> {
  const port = envoy.portOf(setup, hop.protocol);
  const socket = connect({
    host: '127.0.0.1',
    port,
    ca: envoy.ca,
    servername: hop.protocol === 'tcp' ? sni : 'erp.cases.example',
    ALPNProtocols: hop.protocol === 'tcp' ? [] : [hop.protocol === 'grpc' ? 'h2' : 'http/1.1'],
    ...(client === undefined ? {} : { cert: client.certificate, key: client.key }),
  });
  await once(socket, 'secureConnect');
  socket.on('error', () => socket.destroy());
  if (agent === 'brief' && client !== undefined) {
    const over = new X509Certificate(client.certificate).validToDate.getTime() + 1000;
    await sleep(Math.max(0, over - Date.now()));
  }
  return socket;
}

function converse(request: Prepared, socket: TLSSocket, envoy: EnvoyWorld): Promise<Heard> {
  if (request.hop.protocol === 'tcp') return speak(socket);
  return request.hop.protocol === 'grpc' ? callGrpc(request, socket, envoy) : callHttp(request, socket, envoy);
}

/** The check of a connection waits for its first bytes. */
async function speak(socket: TLSSocket): Promise<Heard> {
  let heard = '';
  socket.on('data', (chunk: Buffer) => {
    heard += chunk.toString();
  });
  socket.write('hi');
  if (!socket.destroyed) await once(socket, 'close');
  return { status: undefined, headers: {}, body: '', reached: heard === GREETING, upstream: undefined };
}

async function callHttp(request: Prepared, socket: TLSSocket, { http }: EnvoyWorld): Promise<Heard> {
  http.take();
  const { method, host, path, body, headers } = request;
  const length: [string, string][] = body === undefined ? [] : [['content-length', String(Buffer.byteLength(body))]];
  const lines = [['host', host], ...length, ...headers].flat();
  const sent = httpRequest({ method, path, headers: lines, createConnection: () => socket });
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [
    NodeJS.ReadableStream & { statusCode: number; headers: Record<string, string> },
  ];
  let text = '';
  for await (const chunk of response) text += String(chunk);
  const [seen] = http.take();
  const upstream = seen && Object.fromEntries(seen.headers.map(([name, value]) => [name.toLowerCase(), value]));
  return {
    status: response.statusCode,
    headers: response.headers,
    body: text,
    reached: seen !== undefined,
    upstream,
  };
}

async function callGrpc(request: Prepared, socket: TLSSocket, { grpc }: EnvoyWorld): Promise<Heard> {
  grpc.take();
  const { method, host, path, headers } = request;
  const session = connectH2(`https://${host}`, { createConnection: () => socket });
  const lines: OutgoingHttpHeaders = {
    ':method': method,
    ':path': path,
    ':authority': host,
    ...Object.fromEntries(headers),
  };
  const stream = session.request(lines);
  stream.end(Buffer.from([0, 0, 0, 0, 0]));
  const [answered] = (await once(stream, 'response')) as [Record<string, string>];
  let trailers: Record<string, string> = {};
  stream.on('trailers', (last: Record<string, string>) => {
    trailers = last;
  });
  stream.resume();
  await once(stream, 'close');
  session.destroy();
  const [seen] = grpc.take();
  const upstream = seen === undefined ? undefined : flat(seen);
  return {
    status: Number(answered[':status']),
    headers: { ...answered, ...trailers },
    body: '',
    reached: seen !== undefined,
    upstream,
  };
}

function flat(headers: Readonly<Record<string, unknown>> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value].flat().join(', ')]));
}

/** The line of the access log with this decision, once Envoy has written it; what Behalf answered is among its members. */
async function loggedMetadata({ envoy }: EnvoyWorld, id: string): Promise<Record<string, unknown>> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const line = readFileSync(envoy.accessLogFile, 'utf8')
      .split('\n')
      .findLast((text) => text.includes(id) && text.endsWith('}'));
    if (line !== undefined) return JSON.parse(line) as Record<string, unknown>;
    await sleep(20);
  }
  return {};
}
