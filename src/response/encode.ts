import { decodeCheckResponse, encodeCheckResponse } from '../wire.ts';
import type { Answer } from './answer.ts';

/**
 * Encodes an answer, and reads back what it encoded. To Envoy a CheckResponse with an unset `status` means ALLOW, even
 * with a `denied_response`, and a misspelt field encodes to nothing (threats E01): what left this function says allow
 * or deny outright, and says what was meant.
 * @throws Error where the bytes do not say what the answer says
 */
export function encode(answer: Answer): Buffer {
  const bytes = encodeCheckResponse(answer.message);
  const { status, denied_response: denied, ok_response: ok } = decodeCheckResponse(bytes);
  if (status === undefined || status === null) throw new Error('the encoded answer has no status');
  const code = status.code ?? 0;
  const saysAllow = code === 0 && ok !== undefined && denied === undefined;
  const saysDeny = code !== 0 && denied !== undefined && ok === undefined && (denied.status?.code ?? 0) >= 400;
  if (answer.kind === 'allow' ? !saysAllow : !saysDeny)
    throw new Error(`the encoded answer does not say ${answer.kind}`);
  return bytes;
}
