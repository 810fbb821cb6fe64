import type { Address__Output as Address } from '../generated/envoy/config/core/v3/Address.ts';
import type { HeaderMap__Output as HeaderMap } from '../generated/envoy/config/core/v3/HeaderMap.ts';
import type { HeaderValue__Output as HeaderValue } from '../generated/envoy/config/core/v3/HeaderValue.ts';
import type { Pipe__Output as Pipe } from '../generated/envoy/config/core/v3/Pipe.ts';
import type { SocketAddress__Output as SocketAddress } from '../generated/envoy/config/core/v3/SocketAddress.ts';
import type {
  AttributeContext__Output as AttributeContext,
  _envoy_service_auth_v3_AttributeContext_HttpRequest__Output as HttpRequest,
  _envoy_service_auth_v3_AttributeContext_Peer__Output as Peer,
  _envoy_service_auth_v3_AttributeContext_Request__Output as Request,
  _envoy_service_auth_v3_AttributeContext_TLSSession__Output as TlsSession,
} from '../generated/envoy/service/auth/v3/AttributeContext.ts';
import type { CheckRequest__Output as CheckRequest } from '../generated/envoy/service/auth/v3/CheckRequest.ts';
import { nullObject } from '../null-object.ts';
import { type Member, messageReader } from './message-reader.ts';
import { metadata } from './metadata.ts';
import { BYTES, type Entry, VARINT, WireReader } from './wire-reader.ts';

/**
 * Reads a CheckRequest: those members of protos/ that a step looks at. Of the others only the form is judged, also within
 * `time`, so that nothing is taken that protobufjs refuses. What two parsers could take for two messages is refused (ADR 11).
 * @throws RangeError where the bytes are no CheckRequest
 */
export function readCheckRequest(bytes: Uint8Array): CheckRequest {
  return checkRequest(new WireReader(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)), bytes.length);
}

/** A member that no step looks at. */
function ignored(field: number, kind: number): Member<object> {
  return [field, kind, (_message, wire, end) => wire.skip(kind, end)];
}

const socketAddress = messageReader<SocketAddress>([
  [2, BYTES, (to, wire, end) => (to.address = wire.text(end))],
  [3, VARINT, (to, wire, end) => (withoutPort(to).port_value = wire.number(end))],
  [4, BYTES, (to, wire, end) => (withoutPort(to).named_port = wire.text(end))],
]);

/** A number or a name, never both: of two, some parsers take the last and some both. */
function withoutPort(to: SocketAddress): SocketAddress {
  if (to.port_value !== undefined || to.named_port !== undefined) throw new RangeError('a port is there twice');
  return to;
}

const pipe = messageReader<Pipe>([[1, BYTES, (to, wire, end) => (to.path = wire.text(end))]]);

/** A socket or a path, never both. */
const address = messageReader<Address>([
  [1, BYTES, (to, wire, end) => (to.socket_address = wire.message(to.socket_address ?? to.pipe, socketAddress, end))],
  [2, BYTES, (to, wire, end) => (to.pipe = wire.message(to.pipe ?? to.socket_address, pipe, end))],
]);

const peer = messageReader<Peer>([
  [1, BYTES, (to, wire, end) => (to.address = wire.message(to.address, address, end))],
  [4, BYTES, (to, wire, end) => (to.principal = wire.text(end))],
  [5, BYTES, (to, wire, end) => (to.certificate = wire.text(end))],
]);

const entry = messageReader<Entry<string>>([
  [1, BYTES, (to, wire, end) => (to.key = wire.name(end))],
  [2, BYTES, (to, wire, end) => (to.value = wire.text(end))],
]);

const headerValue = messageReader<HeaderValue>([
  [1, BYTES, (to, wire, end) => (to.key = wire.name(end))],
  [2, BYTES, (to, wire, end) => (to.value = wire.text(end))],
  [3, BYTES, (to, wire, end) => (to.raw_value = wire.bytes(end))],
]);

const headerMap = messageReader<HeaderMap>([
  [1, BYTES, (to, wire, end) => (to.headers ??= []).push(wire.message(undefined, headerValue, end))],
]);

const httpRequest = messageReader<HttpRequest>([
  ignored(1, BYTES), // id
  [2, BYTES, (to, wire, end) => (to.method = wire.name(end))],
  [3, BYTES, (to, wire, end) => wire.entry((to.headers ??= nullObject()), entry, end, '')],
  [4, BYTES, (to, wire, end) => (to.path = wire.text(end))],
  [5, BYTES, (to, wire, end) => (to.host = wire.name(end))],
  ignored(6, BYTES), // scheme
  [7, BYTES, (to, wire, end) => (to.query = wire.text(end))],
  ignored(8, BYTES), // fragment
  [9, VARINT, (to, wire, end) => (to.size = wire.int64(end))],
  ignored(10, BYTES), // protocol
  [11, BYTES, (to, wire, end) => (to.body = wire.text(end))],
  [12, BYTES, (to, wire, end) => (to.raw_body = wire.bytes(end))],
  [13, BYTES, (to, wire, end) => (to.header_map = wire.message(to.header_map, headerMap, end))],
]);

/** google.protobuf.Timestamp: seconds and nanos. */
const time = messageReader<object>([ignored(1, VARINT), [2, VARINT, (_to, wire, end) => void wire.number(end)]]);

const request = messageReader<Request>([
  [1, BYTES, (_to, wire, end) => void wire.message(undefined, time, end)],
  [2, BYTES, (to, wire, end) => (to.http = wire.message(to.http, httpRequest, end))],
]);

const tlsSession = messageReader<TlsSession>([[1, BYTES, (to, wire, end) => (to.sni = wire.text(end))]]);

const attributes = messageReader<AttributeContext>([
  [1, BYTES, (to, wire, end) => (to.source = wire.message(to.source, peer, end))],
  [2, BYTES, (to, wire, end) => (to.destination = wire.message(to.destination, peer, end))],
  [4, BYTES, (to, wire, end) => (to.request = wire.message(to.request, request, end))],
  [10, BYTES, (to, wire, end) => wire.entry((to.context_extensions ??= nullObject()), entry, end, '')],
  [11, BYTES, (to, wire, end) => (to.metadata_context = wire.message(to.metadata_context, metadata, end))],
  [12, BYTES, (to, wire, end) => (to.tls_session = wire.message(to.tls_session, tlsSession, end))],
]);

const checkRequest = messageReader<CheckRequest>([
  [1, BYTES, (to, wire, end) => (to.attributes = wire.message(to.attributes, attributes, end))],
]);
