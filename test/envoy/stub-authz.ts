/** An ext_authz server that answers whatever a test says, however wrong: it shows what Envoy makes of it. */
import {
  type Metadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import type { CheckRequest__Output } from '../../src/generated/envoy/service/auth/v3/CheckRequest.ts';
import type { CheckResponse } from '../../src/generated/envoy/service/auth/v3/CheckResponse.ts';
import { CHECK_PATH, decodeCheckRequest, encodeCheckResponse } from '../../src/wire.ts';

/** A message for Envoy, or how the call goes wrong. */
export type StubAnswer = CheckResponse | 'grpc-error' | 'silence';

export interface StubAuthz {
  readonly port: number;
  /** What Envoy asked since the last `answerWith`, oldest first. */
  readonly seen: { request: CheckRequest__Output; metadata: Metadata }[];
  answerWith(answer: StubAnswer): void;
  stop(): void;
}

export const ALLOW: CheckResponse = { status: { code: 0 }, ok_response: {} };

/** Starts the stub on a free loopback port; it allows until told otherwise. */
export async function startStubAuthz(): Promise<StubAuthz> {
  const server = new Server();
  const seen: StubAuthz['seen'] = [];
  let answer: StubAnswer = ALLOW;
  const check = (
    checked: ServerUnaryCall<CheckRequest__Output, CheckResponse>,
    reply: sendUnaryData<CheckResponse>,
  ) => {
    seen.push({ request: checked.request, metadata: checked.metadata });
    if (answer === 'grpc-error') {
      reply({ code: status.INTERNAL, details: 'as the test wants it' });
    } else if (answer !== 'silence') {
      reply(null, answer);
    }
  };
  server.addService(
    {
      check: {
        path: CHECK_PATH,
        requestStream: false,
        responseStream: false,
        requestSerialize: () => Buffer.alloc(0),
        requestDeserialize: decodeCheckRequest,
        responseSerialize: encodeCheckResponse,
        responseDeserialize: () => ({}),
      },
    },
    { check },
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) {
        resolve(bound);
      } else {
        reject(error);
      }
    });
  });
  return {
    port,
    seen,
    answerWith: (next) => {
      answer = next;
      seen.length = 0;
    },
    stop: () => server.forceShutdown(),
  };
}
