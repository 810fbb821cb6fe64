/**
 * The floor: an ext_authz server on grpc-js that decides nothing. It is written the ordinary way, with proto-loader's
 * own decoding and encoding, and answers every Check with the same allow. `node noop-server.ts 127.0.0.1:PORT`
 */
import { fileURLToPath } from 'node:url';
import { type handleUnaryCall, Server, ServerCredentials, type ServiceDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { CheckRequest__Output } from '../../src/generated/envoy/service/auth/v3/CheckRequest.ts';
import type { CheckResponse } from '../../src/generated/envoy/service/auth/v3/CheckResponse.ts';

const definitions = loadSync('envoy/service/auth/v3/external_auth.proto', {
  includeDirs: [fileURLToPath(new URL('../../protos', import.meta.url))],
  keepCase: true,
  longs: Number,
  enums: Number,
});

const ALLOW: CheckResponse = { status: { code: 0 }, ok_response: {} };

const check: handleUnaryCall<CheckRequest__Output, CheckResponse> = (_call, callback) => callback(null, ALLOW);

const server = new Server();
server.addService(definitions['envoy.service.auth.v3.Authorization'] as ServiceDefinition, { Check: check });
server.bindAsync(process.argv[2] ?? '127.0.0.1:0', ServerCredentials.createInsecure(), (error) => {
  if (error !== null) {
    console.error(error.message);
    process.exitCode = 1;
  }
});
process.once('SIGTERM', () => server.forceShutdown());
