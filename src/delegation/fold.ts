/** A name without case. Both ways, because some letters only meet in one: the Kelvin sign and k, the long s and s. */
export function fold(text: string): string {
  return text.toUpperCase().toLowerCase();
}
