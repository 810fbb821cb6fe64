/** A gRPC-like server behind Envoy: plain HTTP/2, ends each call well, and keeps the headers that it saw. */
import { once } from 'node:events';
import { createServer, type ServerHttp2Session } from 'node:http2';
import type { AddressInfo } from 'node:net';

export interface EchoH2 {
  readonly port: number;
  /** The headers of the calls since the last time, oldest first. */
  take(): readonly Readonly<Record<string, unknown>>[];
  stop(): Promise<void>;
}

/** Starts it on a free loopback port. */
export async function startEchoH2(): Promise<EchoH2> {
  let seen: Readonly<Record<string, unknown>>[] = [];
  const sessions = new Set<ServerHttp2Session>();
  const server = createServer();
  server.on('session', (session) => void sessions.add(session));
  server.on('stream', (stream, headers) => {
    seen.push({ ...headers });
    stream.resume();
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    take: () => {
      const taken = seen;
      seen = [];
      return taken;
    },
    stop: async () => {
      for (const session of sessions) session.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
