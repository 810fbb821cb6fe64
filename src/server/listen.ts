import { once } from 'node:events';
import {
  createSecureServer,
  createServer,
  type Http2SecureServer,
  type Http2Server,
  type Http2Session,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { parseAddress } from '../address.ts';
import { CHECK_PATH, HEALTH_CHECK_PATH, HEALTH_WATCH_PATH } from '../wire.ts';
import { type AuthorizationParts, createAuthorization } from './authorization.ts';
import { fail } from './fail.ts';
import { createHealth } from './health.ts';
import { mutualTls } from './mutual-tls.ts';
import type { CheckTls } from './tls-files.ts';

export interface CheckServerParts extends Omit<AuthorizationParts, 'callers'> {
  /** `host:port` or `unix:PATH`. */
  readonly address: string;
  /** mTLS with Envoy; plaintext where undefined. */
  readonly tls?: CheckTls | undefined;
  readonly isReady: () => boolean;
  /** How long a drain may take to end what is in flight; 10 s. */
  readonly drainWithinMs?: number;
  readonly log: Logger;
}

export interface CheckServer {
  /** The bound address; with port 0, the one that was chosen. */
  readonly address: string;
  readonly inFlight: () => number;
  /**
   * Reads the TLS files anew, for connections from now on.
   * @throws Error where they cannot be used: the old ones stay
   */
  renewTls(): void;
  /** NOT_SERVING, then finish what is in flight, then close; after 10 s close all the same (threats Y01). */
  drain(): Promise<void>;
}

/** What one call, and one connection, may send ahead: a large body must not wait for a round trip each 64 KiB. */
const WINDOW_BYTES = 1024 * 1024;
const CONNECTION_WINDOW_BYTES = 16 * WINDOW_BYTES;

type Handler = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;

/**
 * Envoy puts all its Checks on few connections, so that a limit made against strangers would end the Checks of others as
 * gRPC errors, which `failure_mode_allow` turns into ALLOW: a client of Envoy's that hangs up is a reset to us (threats N01),
 * and a burst of Checks is memory of one connection. What we work on at once is bounded by `limits.inFlight` instead.
 */
const LIMITS = {
  settings: { maxConcurrentStreams: 10_000, enablePush: false, initialWindowSize: WINDOW_BYTES },
  streamResetBurst: 100_000,
  streamResetRate: 10_000,
  /** Megabytes. */
  maxSessionMemory: 1024,
  maxHeaderListPairs: 4096,
  keepAlive: true,
  keepAliveInitialDelay: 60_000,
};
/** A drain goes on to close once no Check came for this long, and after the notice at the latest. */
const QUIET_MS = 200;
const NOTICE_MS = 5000;
const TURN_MS = 20;
const DRAIN_MS = 10_000;

/**
 * Listens for Envoy: gRPC on node:http2, with the one method and health (ADR 9).
 * @throws Error with what, where and what to do, where the address cannot be had or a TLS file cannot be used
 */
export async function startCheckServer(parts: CheckServerParts): Promise<CheckServer> {
  const { tls } = parts;
  const authorization = createAuthorization({ ...parts, callers: tls && new Set(tls.callers) });
  const health = createHealth(parts.isReady);
  const methods = new Map<string | undefined, Handler>([
    [CHECK_PATH, authorization.handle],
    [HEALTH_CHECK_PATH, health.check],
    [HEALTH_WATCH_PATH, health.watch],
  ]);
  const secure = tls && createSecureServer({ ...LIMITS, ...mutualTls(tls) });
  const server = secure ?? createServer(LIMITS);
  const sockets = new Set<Socket>();
  // Before any handshake: who says nothing at all must not hold up a drain.
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('session', (session: Http2Session) => session.setLocalWindowSize(CONNECTION_WINDOW_BYTES));
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    // A stream that fails is a client that has gone; whoever works for it sees `destroyed`.
    stream.on('error', () => {});
    route(stream, headers, methods);
  });
  const port = await bind(server, parts.address);
  server.on('error', (err) => parts.log.error({ err }, 'the listener for Checks has a fault'));
  return {
    address: parts.address.startsWith('unix:') ? parts.address : parts.address.replace(/:0$/, `:${port}`),
    inFlight: authorization.inFlight,
    renewTls: () => {
      if (tls !== undefined) secure?.setSecureContext(mutualTls(tls));
    },
    drain: async () => {
      health.drain();
      await quiet(sockets, authorization.lastAt);
      await stop(server, sockets, parts.drainWithinMs ?? DRAIN_MS);
    },
  };
}

/** Finds the method by its exact path (threats E30). */
function route(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, methods: ReadonlyMap<unknown, Handler>): void {
  const handle = methods.get(headers[':path']);
  const isGrpc = headers[':method'] === 'POST' && headers['content-type']?.startsWith('application/grpc') === true;
  if (handle !== undefined && isGrpc) {
    handle(stream, headers);
    return;
  }
  fail(stream, isGrpc ? 'UNIMPLEMENTED' : 'NOT_GRPC');
}

async function bind(server: Http2Server | Http2SecureServer, address: string): Promise<number | undefined> {
  const parsed = parseAddress(address);
  if (parsed === undefined) throw new Error(`cannot listen on ${address}: it is neither host:port nor unix:PATH`);
  server.listen(parsed.kind === 'unix' ? { path: parsed.path } : { host: parsed.host, port: parsed.port });
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new Error(`cannot listen on ${address}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
  return (server.address() as AddressInfo).port;
}

/**
 * nghttp2 drops what arrives after its GOAWAY, so that there is no notice to give but health (RFC 9113 §6.8): as long as Checks
 * come, Envoy has not asked it yet.
 */
async function quiet(sockets: ReadonlySet<Socket>, lastAt: () => number): Promise<void> {
  const end = performance.now() + NOTICE_MS;
  while (sockets.size > 0 && performance.now() - lastAt() < QUIET_MS && performance.now() < end) await sleep(TURN_MS);
}

/** Takes no more connections, and ends each once its calls are answered; past the cap, ends them anyhow. */
async function stop(
  server: Http2Server | Http2SecureServer,
  sockets: ReadonlySet<Socket>,
  withinMs: number,
): Promise<void> {
  const closed = once(server, 'close');
  // A session that is closing no longer ends its socket itself: a peer that is gone, or never reads, would hold it for ever.
  const cap = setTimeout(() => {
    for (const socket of sockets) socket.destroy();
  }, withinMs);
  server.close();
  await closed;
  clearTimeout(cap);
}
