/** An upstream that keeps what it saw, byte for byte, until it is asked: the witness of a differential. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Seen {
  readonly method: string;
  readonly target: string;
  /** Name and value in turn, as they came. */
  readonly headers: readonly (readonly [name: string, value: string])[];
}

export interface Witness {
  readonly port: number;
  /** What came since the last time, oldest first. */
  take(): readonly Seen[];
  stop(): Promise<void>;
}

/** Starts it on a free loopback port. It takes what Node's own parser would refuse. */
export async function startWitness(): Promise<Witness> {
  let seen: Seen[] = [];
  const server = createServer({ insecureHTTPParser: true, keepAliveTimeout: 60_000 }, (request, response) => {
    const { rawHeaders: raw } = request;
    const headers = raw.flatMap((name, index) => (index % 2 === 0 ? [[name, raw[index + 1] ?? ''] as const] : []));
    seen.push({ method: request.method ?? '', target: request.url ?? '', headers });
    request.resume();
    response.writeHead(200, { 'content-length': '0' }).end();
  });
  server.on('connect', (request, socket) => {
    seen.push({ method: 'CONNECT', target: request.url ?? '', headers: [] });
    socket.destroy();
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    take: () => {
      const taken = seen;
      seen = [];
      return taken;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
