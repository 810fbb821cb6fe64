import type { CheckRequest__Output } from './wire-types.ts';

/**
 * Whether the caller speaks gRPC, so that also a request which cannot be read is denied in its own protocol. Envoy's
 * rule: `application/grpc`, or that and `+`; gRPC-Web is another protocol.
 */
export function speaksGrpc(message: CheckRequest__Output): boolean {
  const { headers, header_map } = message.attributes?.request?.http ?? {};
  const listed = header_map?.headers?.find(({ key }) => key?.toLowerCase() === 'content-type');
  const type = headers?.['content-type'] ?? listed?.raw_value?.toString('latin1') ?? listed?.value ?? '';
  return type === 'application/grpc' || type.startsWith('application/grpc+');
}
