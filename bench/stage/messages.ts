import { randomUUID } from 'node:crypto';
import { closeSync, openSync, writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadSync, type MessageTypeDefinition } from '@grpc/proto-loader';
import type { CheckRequest } from '../../src/generated/envoy/service/auth/v3/CheckRequest.ts';
import { createAuthority, issueSvid } from '../../test/fakes/ca.ts';
import { AGENT, type BenchIssuer } from './issuer.ts';

/** Makes the CheckRequests of a run, as Envoy 1.40 with `include_peer_certificate` sends them. */
export interface Messages {
  /** One message. Each has its own path and request id, and by default its own token. */
  one(token?: string): Buffer;
  /**
   * Writes `count` messages, each with a new token, into `file` as ghz reads them: each after its length as a varint.
   * @param tick told now and then how many are done
   */
  write(file: string, count: number, tick: (done: number) => void): void;
}

const TICK_EVERY = 1000;

export function createMessages(issuer: BenchIssuer): Messages {
  const { certificate } = issueSvid(createAuthority(), { uris: [AGENT] });
  const definition = checkRequest();
  const encoded = encodeURIComponent(certificate);
  const one = (token = issuer.mint()): Buffer => definition.serialize(message(token, encoded));
  return {
    one,
    write(file, count, tick) {
      const fd = openSync(file, 'w');
      for (let done = 1; done <= count; done++) {
        const bytes = one();
        writeSync(fd, Buffer.concat([varint(bytes.length), bytes]));
        if (done % TICK_EVERY === 0 || done === count) tick(done);
      }
      closeSync(fd);
    },
  };
}

/** One GET of the procurement agent, with the headers that a plain HTTP client and Envoy give it. */
function message(token: string, certificate: string): CheckRequest {
  const requestId = randomUUID();
  const path = `/v1/regions/eu/invoices/${requestId.slice(0, 8)}`;
  return {
    attributes: {
      source: {
        address: { socket_address: { address: '10.0.0.7', port_value: 41_822 } },
        principal: AGENT,
        certificate,
      },
      destination: { address: { socket_address: { address: '10.0.0.2', port_value: 8443 } } },
      request: {
        time: { seconds: Math.floor(Date.now() / 1000), nanos: 0 },
        http: {
          id: requestId,
          method: 'GET',
          host: 'erp.acme.example',
          path,
          scheme: 'https',
          protocol: 'HTTP/1.1',
          size: 0,
          headers: {
            ':authority': 'erp.acme.example',
            ':method': 'GET',
            ':path': path,
            ':scheme': 'https',
            accept: 'application/json',
            'accept-encoding': 'gzip, deflate',
            authorization: `Bearer ${token}`,
            'user-agent': 'procurement-agent/2.4 python-httpx/0.28.1',
            'x-forwarded-proto': 'https',
            'x-request-id': requestId,
          },
        },
      },
      context_extensions: { 'behalf.hop': 'erp.invoices.read' },
      metadata_context: {},
    },
  };
}

function checkRequest(): MessageTypeDefinition<CheckRequest, CheckRequest> {
  const protos = fileURLToPath(new URL('../../protos', import.meta.url));
  const definitions = loadSync('envoy/service/auth/v3/external_auth.proto', { includeDirs: [protos], keepCase: true });
  return definitions['envoy.service.auth.v3.CheckRequest'] as MessageTypeDefinition<CheckRequest, CheckRequest>;
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.from([...bytes, rest]);
}
