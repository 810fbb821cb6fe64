import { fileURLToPath } from 'node:url';
import { loadSync, type MessageTypeDefinition, type ServiceDefinition } from '@grpc/proto-loader';
import type { CheckRequest, CheckRequest__Output } from './generated/envoy/service/auth/v3/CheckRequest.ts';
import type { CheckResponse, CheckResponse__Output } from './generated/envoy/service/auth/v3/CheckResponse.ts';
import type { HealthCheckRequest__Output } from './generated/grpc/health/v1/HealthCheckRequest.ts';

/**
 * The wire as protobufjs has it, loaded once from protos/: for health, the self-check and tests. A Check is read by
 * server/check-request.ts, and its answer written by response/message-text.ts (ADRs 7 and 11).
 * `keepCase` leaves Envoy's field names as they are, except inside google.protobuf.Struct (`stringValue`).
 */
const definitions = loadSync(
  ['envoy/service/auth/v3/external_auth.proto', 'grpc/health/v1/health.proto'].map((file) =>
    fileURLToPath(new URL(`../protos/${file}`, import.meta.url)),
  ),
  {
    includeDirs: [fileURLToPath(new URL('../protos/', import.meta.url))],
    keepCase: true,
    longs: Number,
    enums: Number,
    defaults: false,
    oneofs: false,
  },
);

const authorization = definitions['envoy.service.auth.v3.Authorization'] as ServiceDefinition;
const checkMethod = authorization['Check'] as ServiceDefinition[string];
const checkResponse = definitions['envoy.service.auth.v3.CheckResponse'] as MessageTypeDefinition<
  CheckResponse,
  CheckResponse__Output
>;

/** `grpc.health.v1.Health`, as a grpc-js client calls it. */
export const healthService = definitions['grpc.health.v1.Health'] as ServiceDefinition;
const healthCheck = healthService['Check'] as ServiceDefinition[string];

/** The paths that we serve. */
export const CHECK_PATH = '/envoy.service.auth.v3.Authorization/Check';
export const HEALTH_CHECK_PATH = '/grpc.health.v1.Health/Check';
export const HEALTH_WATCH_PATH = '/grpc.health.v1.Health/Watch';

/** For tests: what protobufjs reads. @throws where the bytes are no CheckRequest */
export function decodeCheckRequest(bytes: Uint8Array): CheckRequest__Output {
  return checkMethod.requestDeserialize(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
}

/** Encodes a CheckRequest as Envoy would: for the self-check and tests. */
export function encodeCheckRequest(message: CheckRequest): Buffer {
  return checkMethod.requestSerialize(message);
}

/** For tests: encodes without judging. */
export function encodeCheckResponse(message: CheckResponse): Buffer {
  return checkResponse.serialize(message);
}

/** For tests and the health command: reads what Envoy would read. */
export function decodeCheckResponse(bytes: Uint8Array): CheckResponse__Output {
  return checkResponse.deserialize(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
}

/** @returns the service that is asked for, '' for all; undefined where the bytes are no HealthCheckRequest */
export function decodeHealthRequest(bytes: Uint8Array): string | undefined {
  try {
    const { service = '' }: HealthCheckRequest__Output = healthCheck.requestDeserialize(Buffer.from(bytes));
    return service;
  } catch {
    return undefined;
  }
}

/** @param status a number of HealthCheckResponse.ServingStatus */
export function encodeHealthResponse(status: number): Buffer {
  return healthCheck.responseSerialize({ status });
}
