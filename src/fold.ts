/**
 * A name without case, for finding two spellings of one (threats E18). Both ways, because some letters only meet in one:
 * the Kelvin sign and k, the long s and s.
 */
export function fold(name: string): string {
  return name.toUpperCase().toLowerCase();
}
