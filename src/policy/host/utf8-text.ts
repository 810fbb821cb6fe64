const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Bytes as text. A text of OPA's may hold any bytes, one of JavaScript's may not: what is no UTF-8 would become another
 * text, and the same one for different bytes.
 * @throws TypeError
 */
export function utf8Text(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}
