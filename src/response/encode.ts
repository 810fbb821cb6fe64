import type { Answer } from './answer.ts';
import { messageText } from './message-text.ts';
import { readBack } from './read-back.ts';

/**
 * Encodes an answer, and reads back what it encoded. To Envoy a CheckResponse with an unset `status` means ALLOW, even
 * with a `denied_response`, and a misspelt field encodes to nothing (threats E01): what left this function says allow
 * or deny outright, and says what was meant.
 * @throws Error where the bytes do not say what the answer says
 */
export function encode(answer: Answer): Buffer {
  const bytes = Buffer.from(messageText(answer.message), 'latin1');
  const { status, isOk, denied } = readBack(bytes);
  if (status === undefined) throw new Error('the encoded answer has no status');
  const saysAllow = status === 0 && isOk && denied === undefined;
  const saysDeny = status !== 0 && denied !== undefined && !isOk && denied >= 400;
  if (answer.kind === 'allow' ? !saysAllow : !saysDeny)
    throw new Error(`the encoded answer does not say ${answer.kind}`);
  return bytes;
}
