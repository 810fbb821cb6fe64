import type { Origin } from './origin.ts';
import { ProtoWriter } from './proto-writer.ts';

/** A length-delimited field 1 and 2, whose names change from message to message. */
const FIRST = 10;
const SECOND = 18;
/** `Resource.dropped_attributes_count` 0. */
const NO_DROPPED_ATTRIBUTES = Uint8Array.of(16, 0);

/**
 * Makes the function that puts encoded spans into an ExportTraceServiceRequest. Resource and scope are encoded once.
 * @see https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/collector/trace/v1/trace_service.proto
 */
export function createEnvelope({ resource, scope }: Origin): (spans: readonly Buffer[]) => Buffer {
  const attributes = Object.entries(resource.attributes).map(([key, value]) => keyValue(key, String(value)));
  const resourceBytes = message(FIRST, [...attributes, NO_DROPPED_ATTRIBUTES]);
  const scopeBytes = message(FIRST, [string(FIRST, scope.name), string(SECOND, scope.version ?? '')]);
  return (spans) => message(FIRST, [resourceBytes, message(SECOND, [scopeBytes, ...spans])]);
}

function keyValue(key: string, value: string): Buffer {
  return message(FIRST, [string(FIRST, key), message(SECOND, [string(FIRST, value)])]);
}

function string(tag: number, value: string): Buffer {
  return message(tag, [Buffer.from(value)]);
}

function message(tag: number, parts: readonly Uint8Array[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const head = new ProtoWriter(8);
  head.varint(tag);
  head.varint(length);
  return Buffer.concat([head.take(), ...parts]);
}
