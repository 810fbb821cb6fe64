/**
 * receive: raw bytes in, CheckRequest out. What cannot be decoded is denied by us and never becomes a gRPC error, which
 * `failure_mode_allow` would turn into an ALLOW (threats E04).
 * Refuses with `malformed_check_request`, `overloaded`, `not_ready`, `deadline_exceeded`.
 */
import type { CheckRequest__Output } from '../generated/envoy/service/auth/v3/CheckRequest.ts';
import { Refusal } from '../refusals.ts';
import { readCheckRequest } from './check-request.ts';

/**
 * @param maxBytes what we take on; the server itself takes more, so that it is we who refuse
 * @throws Refusal `malformed_check_request`
 */
export function receive(bytes: Uint8Array, maxBytes: number): CheckRequest__Output {
  if (bytes.length === 0) throw new Refusal('malformed_check_request', 'the message is empty');
  if (bytes.length > maxBytes) throw new Refusal('malformed_check_request', `the message is over ${maxBytes} bytes`);
  try {
    return readCheckRequest(bytes);
  } catch (error) {
    throw new Refusal('malformed_check_request', 'the message does not decode', { cause: error });
  }
}
