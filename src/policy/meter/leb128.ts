/**
 * The bytes of a number of at most 31 bits, good for a place that wants it signed and for one that wants it unsigned: the
 * sign's bit of the last byte is clear, if need be by a byte more.
 */
export function leb128(value: number): number[] {
  const bytes: number[] = [];
  let left = value;
  for (; left >= 0x40; left = Math.floor(left / 128)) bytes.push((left % 128) + 0x80);
  return [...bytes, left];
}
