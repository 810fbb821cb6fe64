/** gRPC rows: a real client, a real Envoy, a real gRPC server behind it, and the code that the client sees for a denial. */
import { connect, constants, type IncomingHttpHeaders, type IncomingHttpStatusHeader } from 'node:http2';
import {
  Client,
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  type ServiceError,
  status,
  type UntypedHandleCall,
} from '@grpc/grpc-js';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { parsePathTemplate } from '../../src/matrix/path-template.ts';
import { type Envoy, startEnvoy } from '../fakes/envoy.ts';
import { grantClaim } from '../fakes/issuer.ts';
import { bootstrap, type ListenerOptions } from './bootstrap.ts';
import { type ProtocolWorld, startProtocolWorld } from './protocol-world.ts';
import { describeWithEnvoy } from './with-envoy.ts';

const HOST = 'ledger.acme.example';
const AUDIENCE = `https://${HOST}`;
const METHOD = '/acme.ledger.v1.Ledger/Post';
const same = (bytes: Buffer): Buffer => bytes;

interface Outcome {
  readonly code: number;
  readonly details: string;
  readonly body: string;
}

describeWithEnvoy('a gRPC row behind Envoy', () => {
  let world: ProtocolWorld;
  let full: ProtocolWorld;
  let upstream: { readonly port: number; readonly seen: Metadata[]; readonly server: Server };
  let envoy: Envoy;
  let token: string;

  beforeAll(async () => {
    upstream = await startGrpcUpstream();
    [world, full] = await Promise.all([startWorld({}), startWorld({ maxInFlight: 0 })]);
    const listener = (name: string): ListenerOptions => ({
      tls: tlsOf(world),
      authz: {
        grpc_service: { envoy_grpc: { cluster_name: name }, timeout: '0.2s' },
        include_peer_certificate: true,
        encode_raw_headers: true,
      },
      routes: [namedRoute()],
    });
    const config = bootstrap({
      authzPort: world.port,
      upstreamPort: upstream.port,
      listeners: { grpc: listener('authz'), full: listener('full') },
    }) as { static_resources: { clusters: Record<string, unknown>[] } };
    const { clusters } = config.static_resources;
    const [authz, plain] = clusters;
    const http2 = { typed_extension_protocol_options: authz?.['typed_extension_protocol_options'] };
    const fullPort = JSON.stringify(authz).replaceAll('"authz"', '"full"').replace(`${world.port}`, `${full.port}`);
    clusters.splice(1, 1, { ...plain, ...http2 }, JSON.parse(fullPort) as Record<string, unknown>);
    envoy = await startEnvoy(config);
    const grant = grantClaim({ task: 't-1', actions: ['invoices.read'], target: AUDIENCE });
    token = await world.world.token({ aud: AUDIENCE, scope: 'ledger:post', authorization_details: [grant] });
  });
  afterAll(async () => {
    await envoy?.stop();
    upstream?.server.forceShutdown();
    await Promise.all([world?.stop(), full?.stop()]);
  });
  beforeEach(() => {
    world.use(world.snapshot);
    world.checks();
    upstream.seen.length = 0;
  });

  const post = (over: { path?: string; bearer?: string | null; listener?: string } = {}): Promise<Outcome> => {
    const { path = METHOD, bearer = token, listener = 'grpc' } = over;
    const client = svid(world);
    const tls = credentials.createSsl(
      Buffer.from(world.clientsCa),
      Buffer.from(client.key),
      Buffer.from(client.certificate),
    );
    const options = {
      'grpc.ssl_target_name_override': HOST,
      'grpc.default_authority': HOST,
      'grpc.enable_http_proxy': 0,
    };
    const connection = new Client(`127.0.0.1:${envoy.port(listener)}`, tls, options);
    const metadata = new Metadata();
    if (bearer !== null) metadata.set('authorization', `Bearer ${bearer}`);
    return new Promise((resolve) => {
      const done = (error: ServiceError | null, answer?: Buffer): void => {
        connection.close();
        resolve({ code: error?.code ?? 0, details: error?.details ?? '', body: String(answer ?? '') });
      };
      connection.makeUnaryRequest(path, same, same, Buffer.from('entry'), metadata, done);
    });
  };

  it('is allowed through, and the server learns who asked', async () => {
    expect(await post()).toEqual({ code: status.OK, details: '', body: 'posted entry' });
    expect(world.checks()).toEqual([{ reason: 'allowed', hop: 'test.ledger' }]);
    expect(upstream.seen[0]?.get('x-behalf-subject')).toEqual(['alice@acme.example']);
  });

  it.each<[string, number, string, () => Promise<Outcome>]>([
    ['unauthenticated', status.UNAUTHENTICATED, 'token_missing', () => post({ bearer: null })],
    ['forbidden', status.PERMISSION_DENIED, 'hop_mismatch', () => post({ path: '/acme.ledger.v1.Ledger/Drop' })],
    ['malformed', status.INVALID_ARGUMENT, 'path_not_canonical', () => post({ path: `${METHOD};v=2` })],
    [
      'fault',
      status.UNAVAILABLE,
      'not_ready',
      () => {
        world.use(undefined);
        return post();
      },
    ],
  ])('is denied as gRPC for the class %s, with code %i', async (name, code, reason, deny) => {
    const outcome = await deny();
    expect(outcome.code).toBe(code);
    expect(JSON.parse(outcome.details)).toMatchObject({ class: name });
    expect(world.checks()).toMatchObject([{ reason }]);
    expect(upstream.seen).toHaveLength(0);
  });

  it('is denied as gRPC for the class shed, where the request was not even read', async () => {
    const outcome = await post({ listener: 'full' });
    expect(outcome.code).toBe(status.RESOURCE_EXHAUSTED);
    expect(full.checks()).toMatchObject([{ reason: 'overloaded' }]);
  });

  it('is denied by trailers alone: one frame of headers that ends the stream', async () => {
    const { headers, endsStream } = await rawPost(envoy.port('grpc'), world);
    expect([headers[':status'], headers['content-type'], headers['grpc-status']]).toEqual([
      200,
      'application/grpc',
      '16',
    ]);
    expect(endsStream).toBe(true);
  });

  it('takes no request that is not gRPC', async () => {
    const { headers } = await rawPost(envoy.port('grpc'), world, 'application/json');
    expect(headers[':status']).toBe(403);
    expect(world.checks()).toMatchObject([{ reason: 'hop_mismatch' }]);
  });
});

function startWorld(options: { readonly maxInFlight?: number }): Promise<ProtocolWorld> {
  return startProtocolWorld(
    (make) => {
      const { credential, match } = make('', {});
      return [
        make('test.ledger', {
          protocol: 'grpc',
          match: { ...match, hosts: [HOST], methods: ['POST'], path: parsePathTemplate(METHOD) },
          credential: { ...credential, audience: AUDIENCE, scopes: ['ledger:post'] },
        }),
      ];
    },
    { hosts: [HOST], ...options },
  );
}

function namedRoute(): object {
  return {
    match: { prefix: '/' },
    route: { cluster: 'upstream' },
    typed_per_filter_config: {
      'envoy.filters.http.ext_authz': {
        '@type': 'type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute',
        check_settings: { context_extensions: { 'behalf.hop': 'test.ledger' } },
      },
    },
  };
}

function tlsOf({ server, clientsCa }: ProtocolWorld): object {
  return {
    require_client_certificate: false,
    common_tls_context: {
      alpn_protocols: ['h2'],
      tls_certificates: [
        { certificate_chain: { inline_string: server.certificate }, private_key: { inline_string: server.key } },
      ],
      validation_context: { trusted_ca: { inline_string: clientsCa } },
    },
  };
}

function svid(world: ProtocolWorld): ReturnType<ProtocolWorld['svid']> {
  return world.svid('procurement');
}

/** Answers METHOD, and keeps the metadata of each call. */
async function startGrpcUpstream(): Promise<{ port: number; seen: Metadata[]; server: Server }> {
  const server = new Server();
  const seen: Metadata[] = [];
  const post: UntypedHandleCall = (
    asked: { metadata: Metadata; request: Buffer },
    reply: (error: null, answer: Buffer) => void,
  ) => {
    seen.push(asked.metadata);
    reply(null, Buffer.from(`posted ${asked.request.toString()}`));
  };
  const definition = {
    path: METHOD,
    requestStream: false,
    responseStream: false,
    requestSerialize: same,
    requestDeserialize: same,
    responseSerialize: same,
    responseDeserialize: same,
  };
  server.addService({ post: definition }, { post });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  return { port, seen, server };
}

/** One POST without a token, as frames: its first headers, and whether they end the stream. */
function rawPost(
  port: number,
  world: ProtocolWorld,
  type = 'application/grpc',
): Promise<{ headers: IncomingHttpHeaders & IncomingHttpStatusHeader; endsStream: boolean }> {
  const { certificate: cert, key } = svid(world);
  const session = connect(`https://127.0.0.1:${port}`, { ca: world.clientsCa, cert, key, servername: HOST });
  return new Promise((resolve, reject) => {
    session.on('error', reject);
    const request = session.request({
      ':method': 'POST',
      ':path': METHOD,
      ':authority': HOST,
      'content-type': type,
      te: 'trailers',
    });
    request.on('error', reject).on('response', (headers, flags) => {
      resolve({ headers, endsStream: (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0 });
      session.destroy();
    });
    request.end(Buffer.from([0, 0, 0, 0, 0]));
  });
}
