import { logVerbosity, Server, ServerCredentials, type ServiceDefinition, setLogVerbosity } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import { CHECK_PATH, healthService } from '../wire.ts';
import { type AuthorizationParts, createAuthorization } from './authorization.ts';
import { createHealth } from './health.ts';
import { MutualTls } from './mutual-tls.ts';
import type { CheckTls } from './tls-files.ts';

export interface CheckServerParts extends Omit<AuthorizationParts, 'callers'> {
  /** `host:port` or `unix:PATH`. */
  readonly address: string;
  /** mTLS with Envoy; plaintext where undefined. */
  readonly tls?: CheckTls | undefined;
  readonly isReady: () => boolean;
  readonly log: Logger;
}

export interface CheckServer {
  /** The bound address; with port 0, the one that was chosen. */
  readonly address: string;
  readonly inFlight: () => number;
  /**
   * Reads the TLS files anew.
   * @throws Error where they cannot be used: the old ones stay
   */
  renewTls(): void;
  /** NOT_SERVING, then finish what is in flight, then close; after 10 s close all the same (threats Y01). */
  drain(): Promise<void>;
}

/** Above anything that Envoy sends: the handler refuses what is too large, with a denial (threats E04). */
const GRPC_RECEIVE_LIMIT = 64 * 1024 * 1024;
const DRAIN_MS = 10_000;

/** The one method, on raw bytes both ways: nothing can fail to decode before our handler. */
const rawCheck: ServiceDefinition = {
  Check: {
    path: CHECK_PATH,
    requestStream: false,
    responseStream: false,
    requestDeserialize: (bytes: Buffer) => bytes,
    requestSerialize: (bytes: Buffer) => bytes,
    responseSerialize: (bytes: Buffer) => bytes,
    responseDeserialize: (bytes: Buffer) => bytes,
  },
};

/**
 * Listens for Envoy.
 * @throws Error with what, where and what to do, where the address cannot be had or a TLS file cannot be used
 */
export async function startCheckServer(parts: CheckServerParts): Promise<CheckServer> {
  // What fails is told once, in our own log or error, not by grpc-js on stderr as well.
  setLogVerbosity(logVerbosity.NONE);
  const server = new Server({
    'grpc.max_receive_message_length': GRPC_RECEIVE_LIMIT,
    'grpc.max_concurrent_streams': 10_000,
    'grpc.keepalive_time_ms': 60_000,
    'grpc.keepalive_timeout_ms': 20_000,
  });
  const { tls } = parts;
  const mutualTls = tls && new MutualTls(tls);
  const authorization = createAuthorization({ ...parts, callers: tls && new Set(tls.callers) });
  const health = createHealth(parts.isReady);
  server.addService(rawCheck, { Check: authorization.handle });
  server.addService(healthService, health.handlers);
  const port = await bind(server, parts.address, mutualTls ?? ServerCredentials.createInsecure());
  return {
    address: parts.address.startsWith('unix:') ? parts.address : parts.address.replace(/:0$/, `:${port}`),
    inFlight: authorization.inFlight,
    renewTls: () => mutualTls?.renew(),
    drain: () => {
      health.drain();
      return stop(server);
    },
  };
}

function bind(server: Server, address: string, credentials: ServerCredentials): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, credentials, (error, port) => {
      if (error === null) resolve(port);
      else reject(new Error(`cannot listen on ${address}: ${error.message}`, { cause: error }));
    });
  });
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const cap = setTimeout(() => {
      server.forceShutdown();
      resolve();
    }, DRAIN_MS);
    server.tryShutdown(() => {
      clearTimeout(cap);
      resolve();
    });
  });
}
