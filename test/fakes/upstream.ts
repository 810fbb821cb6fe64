/** The tool behind Envoy: says back what reached it, and counts, so that a test can prove that nothing did. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the upstream saw of one request, and its answer's JSON body. Header names are lower-case. */
export interface Echo {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

export interface Upstream {
  readonly port: number;
  /** Requests so far. */
  count(): number;
  stop(): Promise<void>;
}

/** Starts an echo server on a free loopback port. */
export async function startUpstream(): Promise<Upstream> {
  let count = 0;
  const server = createServer((request, response) => {
    count += 1;
    const echo: Echo = { method: request.method ?? '', path: request.url ?? '', headers: request.headers };
    request.resume().on('end', () => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(echo));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    count: () => count,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
