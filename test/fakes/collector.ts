import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Server, ServerCredentials } from '@grpc/grpc-js';

/** `take` counts; `stall` never answers; `refuse` says 400, which no client repeats; `reset` cuts the connection. */
export type CollectorMode = 'take' | 'stall' | 'refuse' | 'reset';

/** An OTLP trace collector that counts the spans it takes and can misbehave (threats T01). */
export interface Collector {
  /** For `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  readonly endpoint: string;
  mode: CollectorMode;
  /** Spans taken so far. */
  readonly spans: number;
  /** Requests seen, whatever became of them. */
  readonly requests: number;
  /** Everything received, as bytes, for searching. */
  readonly bodies: readonly Buffer[];
  close(): Promise<void>;
}

interface Seen {
  mode: CollectorMode;
  spans: number;
  requests: number;
  readonly bodies: Buffer[];
}

/** Starts a collector on loopback, on a free port unless one is named; `http` is OTLP over HTTP with protobuf. */
export async function startCollector(protocol: 'http' | 'grpc' = 'http', port = 0): Promise<Collector> {
  const seen: Seen = { mode: 'take', spans: 0, requests: 0, bodies: [] };
  const listening = protocol === 'http' ? await listenHttp(seen, port) : await listenGrpc(seen, port);
  return Object.assign(seen, {
    endpoint: `http://127.0.0.1:${listening.port}`,
    close: () => listening.close(),
  });
}

interface Listening {
  readonly port: number;
  close(): Promise<void>;
}

async function listenHttp(seen: Seen, wanted: number): Promise<Listening> {
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => void answer(seen, request, response));
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(wanted, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) {
          socket.destroy();
        }
      }),
  };
}

async function answer(seen: Seen, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  seen.requests += 1;
  switch (seen.mode) {
    case 'take':
      take(seen, body);
      response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
      return;
    case 'refuse':
      response.writeHead(400).end();
      return;
    case 'reset':
      request.socket.destroy();
      return;
    case 'stall':
      return;
  }
}

async function listenGrpc(seen: Seen, wanted: number): Promise<Listening> {
  const server = new Server();
  server.addService(
    {
      export: {
        path: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
        requestStream: false,
        responseStream: false,
        requestSerialize: bytes,
        requestDeserialize: bytes,
        responseSerialize: bytes,
        responseDeserialize: bytes,
      },
    },
    {
      export: (call: { request: Buffer }, callback: (error: null, response: Buffer) => void) => {
        seen.requests += 1;
        if (seen.mode === 'take') {
          take(seen, call.request);
          callback(null, Buffer.alloc(0));
        }
      },
    },
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${wanted}`, ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return { port, close: () => Promise.resolve(server.forceShutdown()) };
}

const bytes = (message: Buffer): Buffer => message;

function take(seen: Seen, body: Buffer): void {
  seen.bodies.push(body);
  seen.spans += members(body, 1)
    .flatMap((resourceSpans) => members(resourceSpans, 2))
    .flatMap((scopeSpans) => members(scopeSpans, 2)).length;
}

/** The length-delimited members of one field: as much of protobuf as counting spans takes. */
function members(message: Buffer, field: number): Buffer[] {
  const found: Buffer[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = message[at++] ?? 0;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const tag = varint();
    const wireType = tag & 7;
    if (wireType === 2) {
      const length = varint();
      if (tag >>> 3 === field) found.push(message.subarray(at, at + length));
      at += length;
    } else if (wireType === 0) {
      varint();
    } else {
      at += wireType === 1 ? 8 : 4;
    }
  }
  return found;
}
