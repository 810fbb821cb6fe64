/**
 * The operators' port: liveness, readiness, metrics, version. It reads and never changes anything, and it has no
 * authentication, so it listens on loopback by default (design §5, threats W04, W07).
 */
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import { isLoopback, parseAddress } from '../address.ts';
import type { Logger } from '../log.ts';
import type { Provenance } from '../provenance/provenance.ts';
import { VERSION } from '../provenance/version.ts';
import { isAllowedHost } from './allowed-host.ts';
import { type ReadyReport, readyText } from './ready.ts';

export type { ReadyReport };

export interface AdminParts {
  /** `listen.admin`: `host:port` or `[ipv6]:port`; port 0 takes a free one. */
  readonly address: string;
  readonly ready: () => ReadyReport;
  readonly provenance: Pick<Provenance, 'metricsText'>;
  readonly log: Logger;
}

export interface Admin {
  /** Where it listens, as `host:port`. */
  readonly address: string;
  close(): Promise<void>;
}

/**
 * Starts the admin server.
 * @throws Error that says what is wrong with the address and what to do
 */
export async function startAdmin({ address, ready, provenance, log }: AdminParts): Promise<Admin> {
  const parsed = parseAddress(address);
  if (parsed?.kind !== 'tcp') {
    throw new Error(
      `listen.admin: ${JSON.stringify(address)} is not an address. Use host:port, such as 127.0.0.1:9193`,
    );
  }
  const { host, port } = parsed;
  const server = fastify({ logger: false, forceCloseConnections: true });
  guard(server, host);
  server.get('/healthz', () => 'ok\n');
  server.get('/readyz', (request, reply) => answerReady(request, reply, readiness(ready, log)));
  server.get('/metrics', (_request, reply) =>
    reply.type('text/plain; version=0.0.4; charset=utf-8').send(provenance.metricsText()),
  );
  server.get('/version', () => ({ name: 'behalf', version: VERSION, node: process.version }));
  try {
    await server.listen({ host, port });
  } catch (error) {
    throw listenError(address, error);
  }
  if (!isLoopback(host)) {
    log.warn({ address }, 'listen.admin can be reached from other machines and has no authentication: use loopback');
  }
  const bound = server.server.address();
  const boundPort = typeof bound === 'object' && bound !== null ? bound.port : port;
  return {
    address: `${host.includes(':') ? `[${host}]` : host}:${boundPort}`,
    close: () => server.close(),
  };
}

function guard(server: FastifyInstance, host: string): void {
  server.addHook('onRequest', (request, reply, done) => {
    reply.header('cache-control', 'no-store').header('x-content-type-options', 'nosniff');
    if (!isAllowedHost(request.headers.host, host, request.socket.localAddress)) {
      reply.code(421).type('text/plain').send('this server does not answer to that host name\n');
      return;
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      reply.code(405).header('allow', 'GET, HEAD').type('text/plain').send('only GET and HEAD\n');
      return;
    }
    done();
  });
  server.setNotFoundHandler((_request, reply) =>
    reply.code(404).type('text/plain').send('there are /healthz, /readyz, /metrics and /version\n'),
  );
  server.setErrorHandler((_error, _request, reply) => reply.code(500).type('text/plain').send('internal error\n'));
}

/** A readiness that cannot be told is none. */
function readiness(ready: () => ReadyReport, log: Logger): ReadyReport {
  try {
    return ready();
  } catch (error) {
    log.error({ err: error }, 'readiness cannot be told: answering not ready');
    return { ready: false, checks: [{ name: 'readiness', ok: false, detail: 'cannot be told; see the log' }] };
  }
}

function answerReady(request: FastifyRequest, reply: FastifyReply, report: ReadyReport): FastifyReply {
  reply.code(report.ready ? 200 : 503).header('vary', 'accept');
  if (request.headers.accept?.includes('application/json') === true) {
    return reply.send(report);
  }
  const isVerbose = Object.hasOwn(request.query as object, 'verbose');
  return reply.type('text/plain; charset=utf-8').send(readyText(report, isVerbose));
}

function listenError(address: string, error: unknown): Error {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
  const remedies: Readonly<Record<string, string>> = {
    EADDRINUSE: 'Another process listens there: stop it, or set listen.admin to another port',
    EACCES: 'Ports below 1024 need a privilege: set listen.admin to a higher port',
    EADDRNOTAVAIL: 'This machine has no such address: set listen.admin to one that it has',
    ENOTFOUND: 'That host name does not resolve: set listen.admin to an address',
  };
  const remedy = remedies[code] ?? 'Set listen.admin to another address';
  return new Error(`listen.admin: cannot listen on ${address} (${code}). ${remedy}`, { cause: error });
}
