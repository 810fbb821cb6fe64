/**
 * The parts of a JSON pointer (RFC 6901), unescaped.
 * @throws Error where it is none, or names the whole document
 */
export function pointerParts(pointer: string): readonly string[] {
  if (!/^(?:\/(?:[^~/]|~[01])*)+$/.test(pointer)) throw new TypeError('a path is no JSON pointer');
  return pointer
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}
